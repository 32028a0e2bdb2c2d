import type { z } from 'zod';
import type { Call } from '../core/call.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { validate } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { Participant } from '../participants/index.ts';
import { Meeting } from './meeting.entity.ts';
import { meetingEvents } from './meeting.events.ts';
import { checkSchedule } from './meeting.rules.ts';
import { type MeetingView, scheduleInput, systemScheduleInput } from './meeting.schema.ts';
import { meetingById, meetingViewOf } from './meeting.statements.ts';

type Wish = z.output<typeof scheduleInput> & { readonly creatorId?: string };

/** People schedule for themselves; only the system names somebody else. */
export function parseSchedule(call: Call, input: unknown): Wish {
  return validate(call.principal.kind === 'system' ? systemScheduleInput : scheduleInput, input);
}

export async function schedule(
  kernel: Kernel,
  work: Work,
  wish: Wish,
  passwordHash: string | null,
): Promise<MeetingView> {
  const imported = work.principal.kind === 'system';
  const role = imported ? 'System' : 'Outsider';
  authorise('meeting.create', { role, status: null, settings: {}, serviceSwitches: kernel.ports.switches });
  const now = await work.now();
  const refusal = checkSchedule(wish, now, imported);
  if (refusal) throw refusal;
  const {
    creatorId = work.actorId,
    meetingPassword: _plain,
    isRecurring: _no,
    recurrencePattern: _none,
    ...facts
  } = wish;
  const meeting = work.em.create(Meeting, {
    ...nulled(facts),
    id: newId(),
    creatorId,
    meetingPassword: passwordHash,
    settings: { ...wish.settings },
    createdAt: now,
    updatedAt: now,
  });
  work.em.create(Participant, {
    id: newId(),
    meeting,
    authUserId: creatorId,
    role: 'Host',
    status: 'Accepted',
    invitedAt: now,
    upcomingAt: wish.scheduledStartTime,
  });
  await work.flush();
  work.emit(meetingEvents, 'meeting.scheduled', meetingStream(meeting.id), {
    title: wish.title,
    meetingType: wish.meetingType,
    scheduledStartTime: wish.scheduledStartTime.toISOString(),
    scheduledEndTime: wish.scheduledEndTime.toISOString(),
    timezone: wish.timezone,
  });
  return meetingViewOf(await work.one(meetingById, [meeting.id]));
}

/** What was left out of the input is empty in the row. */
function nulled(facts: Omit<Wish, 'creatorId' | 'meetingPassword' | 'isRecurring' | 'recurrencePattern'>) {
  return {
    ...facts,
    description: facts.description ?? null,
    partyId: facts.partyId ?? null,
    guildId: facts.guildId ?? null,
    classId: facts.classId ?? null,
    subjectId: facts.subjectId ?? null,
    maxParticipants: facts.maxParticipants ?? null,
    meetingUrl: facts.meetingUrl ?? null,
  };
}
