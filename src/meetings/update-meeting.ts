import type { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { permissions } from '../core/permissions.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { promoteWaiting } from '../invitations/index.ts';
import { Meeting } from './meeting.entity.ts';
import { meetingEvents } from './meeting.events.ts';
import { changedFields, later, mergeSettings } from './meeting.rules.ts';
import type { MeetingView, updateInput } from './meeting.schema.ts';
import { meetingById, meetingViewOf } from './meeting.statements.ts';

const accessFields: readonly string[] = permissions['meeting.setAccess'].fields['*'];

/** Seats that must remain: those taken, and the one kept for a Host who is not there. */
const seatsNeeded = statement<{ needed: number }>(
  'meeting-seats-needed',
  (t) => `
  select m.current_participants_count
         + case when m.status = 'InProgress' and (h.joined_at is null or h.left_at is not null) then 1 else 0 end as needed
  from ${t.meetings} m left join ${t.meeting_participants} h on h.meeting_id = m.id and h.role::text = $2::text
  where m.id = $1::uuid`,
);

/** Changes what a patch names. Fields of access are judged as such; what stays the same is not changed. */
export async function update(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  wish: z.output<typeof updateInput>,
  version: number | null,
  passwordHash: string | null,
): Promise<MeetingView> {
  const { meeting: facts, standing, now } = await kernel.enter(work, meetingId);
  const { needed } = await work.one(seatsNeeded, [meetingId, 'Host']);
  const given = Object.keys(wish).filter((name) => wish[name as keyof typeof wish] !== undefined);
  const seats = wish.maxParticipants ?? null;
  // The narrower right first: by role nobody is refused later than by the meeting's state.
  const access = given.filter((name) => accessFields.includes(name));
  if (access.length > 0) authorise('meeting.setAccess', standing, { fields: access });
  authorise('meeting.update', standing, {
    fields: given.filter((name) => !accessFields.includes(name)),
    conditions: { capacityHoldsPresent: seats === null || seats >= needed || { details: { needed } } },
  });
  const meeting = await work.em.findOneOrFail(Meeting, meetingId, { populate: ['meetingPassword'] });
  if (version !== null && version !== meeting.version)
    throw new MeetingError('VERSION_CONFLICT', 'The meeting was changed since you read it; read it again.', {
      details: { current: meeting.version },
    });
  const { settings: patch, meetingPassword: _plain, ...plain } = wish;
  const settings = mergeSettings(facts.settings, patch ?? {});
  const next: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...(patch === undefined ? {} : { settings }),
    ...(wish.meetingPassword === undefined ? {} : { meetingPassword: passwordHash }),
  };
  const changed = changedFields(meeting, next);
  if (changed.length > 0) {
    Object.assign(meeting, next, { updatedAt: later(now, meeting.updatedAt) });
    await work.flush();
    // A higher limit, or none, lets people in who stand in line.
    await promoteWaiting(work, { ...facts, settings }, now);
  }
  const view = meetingViewOf(await work.one(meetingById, [meetingId]));
  if (changed.length > 0)
    work.emit(meetingEvents, 'meeting.updated', meetingStream(meetingId), { changed, version: view.version });
  return view;
}
