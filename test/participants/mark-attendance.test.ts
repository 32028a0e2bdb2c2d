import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { fails, minutes, people, start, test, unchanged } from '../setup/service.ts';

const after = (milliseconds: number) => new Date(new Date(start).getTime() + milliseconds);

async function statuses(service: MeetingService, id: string, host: string): Promise<Record<string, string>> {
  const { items } = await service.as({ userId: host }).participants.list(id);
  return Object.fromEntries(items.map(({ authUserId, status }) => [authUserId, status]));
}

describe('markAttendance', () => {
  test('makes somebody who came a no-show, and analytics follow', async ({ service, running, events, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    clock.advance(10 * minutes);
    const rooms = service.as({ userId: host });
    await rooms.meetings.end(id);
    events.length = 0;
    clock.advance(minutes);
    expect(await rooms.participants.markAttendance(id, guest, 'NoShow')).toMatchObject({
      ...{ status: 'NoShow', joinedAt: null, leftAt: null, totalDurationMinutes: 0, isPresent: false },
    });
    expect(events).toMatchObject([
      {
        ...{ type: 'participant.attendance-marked', audience: 'hosts', actorId: host },
        data: { userId: guest, status: 'NoShow', formerStatus: 'Attended' },
      },
      { type: 'analytics.ready', audience: 'hosts' },
    ]);
    expect(await rooms.engagement.meeting(id)).toMatchObject({
      ...{ totalParticipants: 1, peakConcurrentParticipants: 1, averageAttendanceDurationMinutes: 10 },
    });
    await fails(rooms.engagement.participant(id, guest), 'NOT_FOUND');
    const view = await rooms.participants.attendance(id);
    expect(view.people.map(({ authUserId }) => authUserId)).toEqual([host]);
  });

  test('gives back to whom it was taken by mistake what they had', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    clock.advance(4 * minutes);
    await service.as({ userId: guest }).participants.leave(id);
    clock.advance(6 * minutes);
    const rooms = service.as({ userId: host });
    await rooms.meetings.end(id);
    await rooms.participants.markAttendance(id, guest, 'NoShow');
    expect(await rooms.participants.markAttendance(id, guest, 'Attended')).toMatchObject({
      ...{ status: 'Attended', joinedAt: after(0), leftAt: after(4 * minutes), totalDurationMinutes: 4 },
    });
    expect(await rooms.engagement.meeting(id)).toMatchObject({
      ...{ totalParticipants: 2, peakConcurrentParticipants: 2, averageAttendanceDurationMinutes: 7 },
    });
  });

  test('vouches for somebody who was not seen: the whole meeting is theirs', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id);
    clock.advance(20 * minutes);
    await rooms.meetings.end(id);
    expect(await rooms.participants.markAttendance(id, guest, 'Attended')).toMatchObject({
      ...{ status: 'Attended', joinedAt: after(0), leftAt: after(20 * minutes), totalDurationMinutes: 20 },
    });
    expect(await rooms.engagement.meeting(id)).toMatchObject({ totalParticipants: 2, peakConcurrentParticipants: 2 });
    const view = await rooms.participants.attendance(id);
    const vouched = view.people.find(({ authUserId }) => authUserId === guest);
    expect(vouched).toMatchObject({ minutes: 20, share: 1, sessions: [{ source: 'marked' }] });
    // And back: what was vouched for is taken away again.
    expect(await rooms.participants.markAttendance(id, guest, 'NoShow')).toMatchObject({ joinedAt: null });
    expect(await rooms.participants.markAttendance(id, guest, 'Attended')).toMatchObject({ totalDurationMinutes: 20 });
  });

  test('vouches for nobody before they were asked', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    clock.advance(15 * minutes);
    const late = newId();
    await rooms.invitations.invite(id, { inviteeIds: [late] });
    clock.advance(5 * minutes);
    await rooms.meetings.end(id);
    expect(await rooms.participants.markAttendance(id, late, 'Attended')).toMatchObject({
      ...{ joinedAt: after(15 * minutes), leftAt: after(20 * minutes), totalDurationMinutes: 5 },
    });
  });

  test('lifts somebody who stayed too short over the threshold, with the minutes they had', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({
      ...{ participants: 1, settings: { attendanceThreshold: { minutes: 8 } } },
    });
    const [guest] = participants as [string];
    clock.advance(3 * minutes);
    await service.as({ userId: guest }).participants.leave(id);
    clock.advance(7 * minutes);
    const rooms = service.as({ userId: host });
    await rooms.meetings.end(id);
    expect((await statuses(service, id, host))[guest]).toBe('NoShow');
    expect(await rooms.participants.markAttendance(id, guest, 'Attended')).toMatchObject({
      ...{ status: 'Attended', totalDurationMinutes: 3 },
    });
    expect(await rooms.engagement.meeting(id)).toMatchObject({ totalParticipants: 2 });
  });

  test('of somebody who never answered goes both ways', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    const [silent, other] = people(2) as [string, string];
    await rooms.invitations.invite(id, { inviteeIds: [silent, other] });
    clock.advance(10 * minutes);
    await rooms.meetings.end(id);
    expect(await rooms.participants.markAttendance(id, silent, 'NoShow')).toMatchObject({ status: 'NoShow' });
    expect(await rooms.participants.markAttendance(id, other, 'Attended')).toMatchObject({ status: 'Attended' });
  });

  test('of somebody who declined: they may have come after all, but were missed by nobody', async ({
    service,
    running,
    clock,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id);
    await service.as({ userId: guest }).invitations.respond(id, { response: 'Declined', message: 'ill' });
    clock.advance(10 * minutes);
    await rooms.meetings.end(id);
    await unchanged(url, () => fails(rooms.participants.markAttendance(id, guest, 'NoShow'), 'CONFLICT'));
    expect(await rooms.participants.markAttendance(id, guest, 'Attended')).toMatchObject({ status: 'Attended' });
    expect((await rooms.invitations.list(id)).items).toMatchObject([{ status: 'Accepted', responseMessage: 'ill' }]);
    expect(await rooms.participants.markAttendance(id, guest, 'NoShow')).toMatchObject({ status: 'NoShow' });
  });

  test('as it is already changes nothing', async ({ service, running, events, url }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id);
    await rooms.meetings.end(id);
    events.length = 0;
    await unchanged(url, async () => {
      await rooms.participants.markAttendance(id, host, 'Attended');
      await rooms.participants.markAttendance(id, participants[0]!, 'NoShow');
    });
    expect(events).toEqual([]);
  });

  test('is for hosts, after the end, of people of the meeting', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const [deputy, presenter, guest, gone] = participants as [string, string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.participants.setRole(id, deputy, 'CoHost');
    await rooms.participants.setRole(id, presenter, 'Presenter');
    await rooms.participants.remove(id, gone);
    const mark = (actor: string, target: string) =>
      service.as({ userId: actor }).participants.markAttendance(id, target, 'NoShow');
    await unchanged(url, async () => {
      const early = await fails(mark(host, guest), 'INVALID_TRANSITION');
      expect(early.details).toMatchObject({ status: 'InProgress', legalStates: ['Completed'] });
    });
    await rooms.meetings.end(id);
    await unchanged(url, async () => {
      for (const actor of [presenter, guest]) await fails(mark(actor, guest), 'FORBIDDEN');
      await fails(mark(newId(), guest), 'NOT_FOUND');
      await fails(mark(host, newId()), 'NOT_FOUND');
      await fails(mark(host, gone), 'NOT_FOUND');
      const untyped = rooms.participants.markAttendance.bind(rooms.participants) as (
        ...given: unknown[]
      ) => Promise<unknown>;
      await fails(untyped(id, guest, 'Accepted'), 'VALIDATION');
    });
    expect(await mark(deputy, guest)).toMatchObject({ status: 'NoShow' });
    expect(await service.asSystem().participants.markAttendance(id, presenter, 'NoShow')).toMatchObject({
      status: 'NoShow',
    });
  });

  test('stands when a late report about somebody else comes in', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({
      ...{ participants: 3, present: false, settings: { attendanceThreshold: { minutes: 8 } } },
    });
    const [short, other, absent] = participants as [string, string, string];
    const rooms = service.as({ userId: host });
    for (const userId of [host, short]) await service.as({ userId }).participants.join(id);
    clock.advance(minutes);
    await service.as({ userId: short }).participants.leave(id);
    clock.advance(9 * minutes);
    await rooms.meetings.end(id);
    await rooms.participants.markAttendance(id, short, 'Attended');
    await rooms.participants.markAttendance(id, host, 'NoShow');
    const report = { userId: other, source: 'zoom', joinedAt: after(0), leftAt: after(9 * minutes) };
    await service.asSystem().participants.recordSession(id, report);
    expect(await statuses(service, id, host)).toEqual({
      ...{ [short]: 'Attended', [host]: 'NoShow', [other]: 'Attended', [absent]: 'NoShow' },
    });
  });

  test('of a no-show stands when what they were seen by is told again', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const report = { userId: guest, source: 'zoom', connectionId: 'a', joinedAt: after(0), leftAt: after(5 * minutes) };
    clock.advance(10 * minutes);
    await service.asSystem().participants.recordSession(id, report);
    await service.as({ userId: host }).meetings.end(id);
    await service.as({ userId: host }).participants.markAttendance(id, guest, 'NoShow');
    expect(await service.asSystem().participants.recordSession(id, report)).toMatchObject({ status: 'NoShow' });
  });

  test('repeated with its key gives the first answer', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    await service.as({ userId: host }).meetings.end(id);
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'mark-1' }).participants;
    const first = await keyed.markAttendance(id, participants[0]!, 'NoShow');
    await unchanged(url, async () => expect(await keyed.markAttendance(id, participants[0]!, 'NoShow')).toEqual(first));
  });
});
