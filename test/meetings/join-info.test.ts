import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, openService, people, test } from '../setup/service.ts';

const meetingUrl = 'https://video.example/room/9';

function before(instant: Date, milliseconds: number): Date {
  return new Date(instant.getTime() - milliseconds);
}

test('has no link until a quarter of an hour before the start, and says when it will', async ({
  service,
  scheduled,
  clock,
}) => {
  const { id, host, meeting } = await scheduled({ meetingUrl });
  const { meetings } = service.as({ userId: host });
  const availableAt = before(meeting.scheduledStartTime, 15 * minutes);
  clock.set(before(availableAt, 1));
  expect(await meetings.joinInfo(id)).toEqual({ meetingUrl: null, requiresPassword: false, availableAt });
  clock.set(availableAt);
  expect(await meetings.joinInfo(id)).toEqual({ meetingUrl, requiresPassword: false, availableAt });
});

test('opens as early as the service says', async ({ url, clock, scheduled }) => {
  await using service = await openService(url, { clock, policy: { startEarlyMinutes: 60 } });
  const { id, host } = await scheduled({ meetingUrl });
  expect(await service.as({ userId: host }).meetings.joinInfo(id)).toMatchObject({
    meetingUrl,
    availableAt: clock.now(),
  });
});

test('has the link while the meeting runs, for everybody in it', async ({ service, running }) => {
  const { id, participants } = await running({ participants: 1, meetingUrl });
  expect(await service.as({ userId: participants[0]! }).meetings.joinInfo(id)).toMatchObject({ meetingUrl });
  expect(await service.asSystem().meetings.joinInfo(id)).toMatchObject({ meetingUrl });
});

test('says that a password is needed, and not which', async ({ service, scheduled }) => {
  const { id, host } = await scheduled({ meetingPassword: 'correct horse' });
  const info = await service.as({ userId: host }).meetings.joinInfo(id);
  expect(info).toMatchObject({ meetingUrl: null, requiresPassword: true });
  expect(JSON.stringify(info)).not.toMatch(/horse|scrypt/);
});

test('of a meeting without a link has none, whenever it is asked', async ({ service, running }) => {
  const { id, host } = await running();
  expect(await service.as({ userId: host }).meetings.joinInfo(id)).toMatchObject({ meetingUrl: null });
});

describe('is kept from', () => {
  test('whoever declined, until they are back', async ({ service, running }) => {
    const { id, host } = await running({ meetingUrl });
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    const { meetings, invitations } = service.as({ userId: ada });
    await invitations.respond(id, { response: 'Declined' });
    const error = await fails(meetings.joinInfo(id), 'FORBIDDEN');
    expect(error.details).toMatchObject({ condition: 'notDeclined' });
    await invitations.respond(id, { response: 'Tentative' });
    expect(await meetings.joinInfo(id)).toMatchObject({ meetingUrl });
  });

  test('outsiders and those who were removed', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1, meetingUrl });
    await fails(service.as({ userId: newId() }).meetings.joinInfo(id), 'NOT_FOUND');
    await service.as({ userId: host }).participants.remove(id, participants[0]!);
    await fails(service.as({ userId: participants[0]! }).meetings.joinInfo(id), 'NOT_FOUND');
  });

  test('everybody, once the meeting is over or off', async ({ service, scheduled, running }) => {
    const [over, off] = [await running({ meetingUrl }), await scheduled({ meetingUrl })];
    await service.as({ userId: over.host }).meetings.end(over.id);
    await service.as({ userId: off.host }).meetings.cancel(off.id);
    for (const { id, host } of [over, off])
      await fails(service.as({ userId: host }).meetings.joinInfo(id), 'INVALID_TRANSITION');
  });

  test('everybody, while the meeting waits for a new time', async ({ service, scheduled, clock }) => {
    const { id, host, meeting } = await scheduled({ meetingUrl });
    const { meetings } = service.as({ userId: host });
    await meetings.postpone(id);
    clock.set(meeting.scheduledStartTime);
    expect(await meetings.joinInfo(id)).toMatchObject({ meetingUrl: null });
  });
});
