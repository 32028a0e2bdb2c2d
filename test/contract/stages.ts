import { meetingStatuses, type MeetingStatus } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { hours, minutes } from '../setup/service.ts';
import { buildChat } from './chat.ts';
import { buildPolls } from './polls.ts';
import type { Stage } from './questions.ts';

/** One meeting for each state. In those that have run, everybody with a role was there. */
export async function buildStages(service: MeetingService, clock: FakeClock, url: string): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  for (const status of meetingStatuses) stages.push(await buildStage(service, clock, status, url));
  return stages;
}

async function buildStage(
  service: MeetingService,
  clock: FakeClock,
  status: MeetingStatus,
  url: string,
): Promise<Stage> {
  const roles = ['CoHost', 'Presenter', 'Participant', 'Observer'] as const;
  const people = {
    ...{ Host: newId(), CoHost: newId(), Presenter: newId(), Participant: newId(), Observer: newId() },
    ...{ Outsider: newId(), System: '' },
  };
  const [watcher, pending] = [newId(), newId()];
  const soon = clock.now();
  const host = service.as({ userId: people.Host });
  const { id } = await host.meetings.schedule({
    title: `A meeting that is ${status}`,
    meetingType: 'Discussion',
    scheduledStartTime: soon,
    scheduledEndTime: new Date(soon.getTime() + hours),
    meetingUrl: 'https://meet.example.org/room',
  });
  for (const role of roles) await host.invitations.invite(id, { inviteeIds: [people[role]], role });
  await host.invitations.invite(id, { inviteeIds: [watcher, pending], role: 'Observer' });
  for (const userId of [...roles.map((role) => people[role]), watcher])
    await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
  if (status === 'InProgress' || status === 'Completed') {
    await host.meetings.start(id);
    for (const userId of [people.Host, ...roles.map((role) => people[role]), watcher])
      await service.as({ userId }).participants.join(id);
  }
  const chat = await buildChat(service, id, people, status === 'InProgress' || status === 'Completed');
  const polls = await buildPolls(service.as({ userId: people.Presenter }), people.Presenter, id, status, url);
  if (status === 'Completed') {
    clock.advance(10 * minutes);
    await host.meetings.end(id);
    clock.advance(-10 * minutes);
  }
  if (status === 'Postponed') await host.meetings.postpone(id);
  if (status === 'Cancelled') await host.meetings.cancel(id);
  return { id, status, people, watcher, pending, soon, chat, polls };
}
