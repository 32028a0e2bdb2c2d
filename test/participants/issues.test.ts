import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { memoryRateLimiter } from '../../src/core/rate-limiter.ts';
import { fails, openService, test, unchanged } from '../setup/service.ts';

test('an issue reaches the hosts, from people inside and from those who cannot get in', async ({
  service,
  running,
  events,
}) => {
  const { id, host, participants } = await running({ participants: 1, present: false });
  const [guest] = participants as [string];
  await service.as({ userId: host }).participants.join(id);
  events.length = 0;
  await service.as({ userId: guest }).participants.reportIssue(id, { kind: 'access', detail: 'The page stays white.' });
  await service.as({ userId: host }).participants.reportIssue(id, { kind: 'audio' });
  await service.asSystem().participants.reportIssue(id, { kind: 'connection' });
  expect(events.map(({ type, audience, actorId, data }) => ({ type, audience, actorId, data }))).toEqual([
    {
      ...{ type: 'participant.issue-reported', audience: 'hosts', actorId: guest },
      data: { userId: guest, kind: 'access', detail: 'The page stays white.' },
    },
    {
      ...{ type: 'participant.issue-reported', audience: 'hosts', actorId: host },
      data: { userId: host, kind: 'audio', detail: null },
    },
    {
      ...{ type: 'participant.issue-reported', audience: 'hosts', actorId: null },
      data: { userId: null, kind: 'connection', detail: null },
    },
  ]);
  await service.as({ userId: host }).meetings.end(id);
  expect(await service.as({ userId: host }).engagement.meeting(id)).toMatchObject({ technicalIssuesCount: 3 });
});

test('a flood of issues is held back, person by person and meeting by meeting', async ({ running, clock, url }) => {
  await using service = await openService(url, { clock, rateLimiter: memoryRateLimiter(clock) });
  const { id, host, participants } = await running({ participants: 1 });
  const other = await running({ host });
  const report = (userId: string, meetingId: string) =>
    service.as({ userId }).participants.reportIssue(meetingId, { kind: 'video' });
  for (let n = 0; n < 10; n++) await report(host, id);
  const flood = await unchanged(url, () => fails(report(host, id), 'RATE_LIMITED'));
  expect(flood.details).toEqual({ retryAfterSeconds: 6 });
  expect(flood.retryable).toBe(true);
  await report(participants[0]!, id);
  await report(host, other.id);
  clock.advance(6000);
  await report(host, id);
  await fails(report(host, id), 'RATE_LIMITED');
});

test('outsiders report nothing, and nobody reports about a meeting that does not run', async ({
  service,
  running,
  scheduled,
  url,
}) => {
  const { id, host } = await running();
  const ahead = await scheduled();
  const untyped = service
    .as({ userId: host })
    .participants.reportIssue.bind(service.as({ userId: host }).participants) as (
    ...given: unknown[]
  ) => Promise<unknown>;
  await unchanged(url, async () => {
    await fails(service.as({ userId: newId() }).participants.reportIssue(id, { kind: 'audio' }), 'NOT_FOUND');
    await fails(
      service.as({ userId: ahead.host }).participants.reportIssue(ahead.id, { kind: 'audio' }),
      'INVALID_TRANSITION',
    );
    await fails(untyped(id, { kind: 'mood' }), 'VALIDATION');
    await fails(untyped(id, { kind: 'audio', detail: 'x'.repeat(1001) }), 'VALIDATION');
  });
});
