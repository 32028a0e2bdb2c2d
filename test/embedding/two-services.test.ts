import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { RateLimiter } from '../../src/core/rate-limiter.ts';
import { createDatabase } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { openService, test } from '../setup/service.ts';

const titles = (url: string) => execute<{ title: string }>(url, 'select title from convoke.meetings order by title');

test('two services of one process stay apart, also where one is called in the middle of the other’s work', async ({
  url,
  clock,
}) => {
  await using elsewhere = await createDatabase('migrated');
  await using second = await openService(elsewhere.url, { clock });
  const times = () => ({
    scheduledStartTime: new Date(clock.now().getTime() + 60_000),
    scheduledEndTime: new Date(clock.now().getTime() + 120_000),
  });
  const schedule = (title: string) => ({ title, meetingType: 'Social' as const, ...times() });
  // Asked inside a transaction of the first service.
  const rateLimiter: RateLimiter = {
    async take() {
      await second.as({ userId: newId() }).meetings.schedule(schedule('In the second'));
      return { allowed: true, retryAfterSeconds: 0 };
    },
  };
  await using first = await openService(url, { clock, rateLimiter });
  const ada = first.as({ userId: newId() });
  const { id } = await ada.meetings.schedule(schedule('In the first'));
  await ada.meetings.start(id);
  const [heardByFirst, heardBySecond]: string[][] = [[], []];
  first.on('*', ({ type }) => void heardByFirst?.push(type));
  second.on('*', ({ type }) => void heardBySecond?.push(type));
  await ada.participants.reportIssue(id, { kind: 'audio' });
  expect(await titles(url)).toEqual([{ title: 'In the first' }]);
  expect(await titles(elsewhere.url)).toEqual([{ title: 'In the second' }]);
  expect({ heardByFirst, heardBySecond }).toEqual({
    heardByFirst: ['participant.issue-reported'],
    heardBySecond: ['meeting.scheduled'],
  });
});
