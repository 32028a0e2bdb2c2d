import fc from 'fast-check';
import { expect } from 'vitest';
import { mediaKinds } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import { readFacts } from '../../src/engagement/read-facts.ts';
import { test } from '../setup/db.ts';
import { factsInSql } from './facts-in-sql.ts';
import {
  insertMedia,
  insertMeeting,
  insertMessage,
  insertPoll,
  insertSessions,
  on,
  run,
  stay,
  workOn,
} from './recorded-meeting.ts';

test('the facts of random meetings are those that the database counts with its own ranges', async ({ orm }) => {
  const work = workOn(orm);
  const people = Array.from({ length: 4 }, () => newId());
  const anybody = fc.constantFrom(...people, newId());
  const span = fc.tuple(fc.integer({ min: -200_000, max: 800_000 }), fc.option(fc.nat(900_000)));
  const seconds = span.map(([from, length]) => [from / 1000, length === null ? null : (from + length) / 1000] as const);
  const session = fc.tuple(fc.option(anybody), seconds).map(([userId, [from, to]]) => stay(userId, from, to));
  // At most one of a kind may still be on.
  const interval = fc
    .tuple(anybody, fc.constantFrom(...mediaKinds), seconds)
    .map(([userId, kind, [from, to]]) => on(userId, kind, from, to ?? from));
  const message = fc.tuple(
    anybody,
    fc.constantFrom({}, { deleted: true }, { type: 'System' }, { recipientId: newId() }),
  );
  const poll = fc.tuple(fc.uniqueArray(anybody), fc.constantFrom({}, { anonymous: true }, { draft: true }));
  const cases = fc.record({
    length: fc.nat(600_000).map((milliseconds) => milliseconds / 1000),
    sessions: fc.array(session, { maxLength: 15 }),
    media: fc.array(interval, { maxLength: 25 }),
    on: fc.subarray(people),
    messages: fc.array(message, { maxLength: 6 }),
    polls: fc.array(poll, { maxLength: 3 }),
    attended: fc.subarray(people),
    minutes: fc.nat(700),
    lost: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async (given) => {
      const meetingId = await insertMeeting(work, given.length, people);
      await insertSessions(work, meetingId, given.sessions);
      await insertMedia(work, meetingId, [
        ...given.media,
        ...given.on.map((userId) => on(userId, 'camera', 0.5, null)),
      ]);
      for (const [sender, kind] of given.messages) await insertMessage(work, meetingId, sender, kind);
      for (const [voters, kind] of given.polls) await insertPoll(work, meetingId, newId(), { voters, ...kind });
      const changes: ((meetings: Parameters<Parameters<typeof run>[1]>[0]) => string)[] = [
        // As exact as the columns are, not only to the millisecond.
        (t) => `update ${t.meeting_participant_sessions} s set joined_at = joined_at + j * interval '1 microsecond',
                  left_at = left_at + j * interval '1 microsecond'
                from (select id, abs(hashtext(id::text)) % 1000 as j from ${t.meeting_participant_sessions}) r
                where r.id = s.id and meeting_id = $1`,
        (t) => `update ${t.meeting_media_intervals} s set started_at = started_at + j * interval '1 microsecond',
                  ended_at = ended_at + j * interval '1 microsecond'
                from (select id, abs(hashtext(id::text)) % 1000 as j from ${t.meeting_media_intervals}) r
                where r.id = s.id and meeting_id = $1`,
        (t) => `update ${t.meetings} set actual_end_time = actual_end_time + interval '137 microseconds' where id = $1`,
        (t) => `update ${t.meeting_participant_sessions} set left_reason = 'timed-out'
                where ${given.lost} and meeting_id = $1 and left_at is not null`,
      ];
      for (const change of changes) await run(work, change, [meetingId]);
      await run(
        work,
        (t) => `update ${t.meeting_participants} set status = 'Attended', total_duration_minutes = $3::int
                where meeting_id = $1 and auth_user_id = any($2::uuid[])`,
        [meetingId, given.attended, given.minutes],
      );
      const { meeting, people: counted } = await readFacts(work, meetingId);
      expect({ meeting, people: counted }).toEqual(await factsInSql(work, meetingId, null));
    }),
    { numRuns: 40 },
  );
});
