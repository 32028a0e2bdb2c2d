/** Joining twice is joining once, also for somebody inside who has given their accepted seat away. */
import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { accept } from '../invitations/line.ts';
import { fails, people, type RunningMeeting, type RunningOptions, test } from '../setup/service.ts';

interface Replaced extends RunningMeeting {
  /** Inside, has declined, and somebody else has the seat. */
  readonly inside: string;
  readonly next: string;
}

async function replaced(
  service: MeetingService,
  running: (options: RunningOptions) => Promise<RunningMeeting>,
  options: RunningOptions = {},
): Promise<Replaced> {
  const meeting = await running({ participants: 1, settings: { limitAcceptances: 2 }, ...options });
  const [inside] = meeting.participants as [string];
  const [next] = people(1) as [string];
  await service.as({ userId: meeting.host }).invitations.invite(meeting.id, { inviteeIds: [next] });
  await accept(service, meeting.id, next);
  await service.as({ userId: inside }).invitations.respond(meeting.id, { response: 'Declined', message: 'busy' });
  expect(await accept(service, meeting.id, next)).toMatchObject({ waitlistPosition: null });
  return { ...meeting, inside, next };
}

describe('somebody inside whose accepted seat has gone to another', () => {
  test.for([
    ['the same device', {}],
    ['another device', { connectionId: 'phone' }],
  ] as const)('joins with %s, and their answer stands', async ([, how], { service, running, events }) => {
    const { id, host, inside } = await replaced(service, running);
    const rooms = service.as({ userId: inside });
    events.length = 0;
    expect(await rooms.participants.join(id, how)).toMatchObject({ status: 'Declined', isPresent: true });
    expect(events).toEqual([]);
    expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Declined', responseMessage: 'busy' }]);
    expect((await rooms.meetings.list({ upcoming: true })).items).toEqual([]);
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ currentParticipantsCount: 2 });
    const { people: came } = await rooms.participants.attendance(id);
    expect(came[0]?.sessions).toHaveLength('connectionId' in how ? 2 : 1);
  });

  test('takes no seat from whoever has it', async ({ service, running }) => {
    const { id, inside, next } = await replaced(service, running);
    await service.as({ userId: inside }).participants.join(id, { connectionId: 'phone' });
    expect(await service.as({ userId: next }).participants.join(id)).toMatchObject({ status: 'Accepted' });
  });

  test('accepts by it once a seat is free', async ({ service, running }) => {
    const { id, inside, next } = await replaced(service, running);
    await service.as({ userId: next }).invitations.respond(id, { response: 'Declined' });
    const rooms = service.as({ userId: inside });
    expect(await rooms.participants.join(id, { connectionId: 'phone' })).toMatchObject({ status: 'Accepted' });
    expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });

  test('keeps a place in line', async ({ service, running }) => {
    const { id, inside, next } = await replaced(service, running);
    expect(await accept(service, id, inside)).toEqual({ participationStatus: 'Invited', waitlistPosition: 1 });
    const rooms = service.as({ userId: inside });
    expect(await rooms.participants.join(id, { connectionId: 'phone' })).toMatchObject({ status: 'Invited' });
    await service.as({ userId: next }).invitations.respond(id, { response: 'Declined' });
    expect(await rooms.participants.join(id)).toMatchObject({ status: 'Accepted', isPresent: true });
  });

  test('finds no seat after leaving', async ({ service, running }) => {
    const { id, inside } = await replaced(service, running);
    const rooms = service.as({ userId: inside }).participants;
    await rooms.leave(id);
    await fails(rooms.join(id), 'CAPACITY');
  });

  test('gives the password on another device too', async ({ service, running }) => {
    const { id, inside } = await replaced(service, running, { meetingPassword: 'sesame' });
    const rooms = service.as({ userId: inside }).participants;
    await fails(rooms.join(id, { connectionId: 'phone' }), 'WRONG_PASSWORD');
    const joined = await rooms.join(id, { connectionId: 'phone', meetingPassword: 'sesame' });
    expect(joined).toMatchObject({ status: 'Declined', isPresent: true });
  });

  test('gets the first answer for a repeated key', async ({ service, running }) => {
    const { id, inside } = await replaced(service, running);
    const keyed = service.as({ userId: inside }).with({ idempotencyKey: newId() }).participants;
    const first = await keyed.join(id, { connectionId: 'phone' });
    expect(first).toMatchObject({ status: 'Declined', isPresent: true });
    expect(await keyed.join(id, { connectionId: 'phone' })).toEqual(first);
  });

  test('has attended in the end', async ({ service, running, clock }) => {
    const { id, host, inside } = await replaced(service, running);
    await service.as({ userId: inside }).participants.join(id, { connectionId: 'phone' });
    clock.advance(60_000);
    await service.as({ userId: host }).meetings.end(id);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.find(({ authUserId }) => authUserId === inside)).toMatchObject({ status: 'Attended' });
  });
});
