/** What is known of people who vote anonymously: nothing, anywhere. */
import { inspect } from 'node:util';
import { Client } from 'pg';
import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { VoteInput } from '../../src/polls/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, openService, secrets, start, test, unchanged } from '../setup/service.ts';
import { multiple, open, roomOf, single } from './ballots.ts';

/** Rows of any table with the text in any column. */
async function rowsWith(client: Client, text: string): Promise<{ table: string; row: string }[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'convoke' order by 1`,
  );
  const found: { table: string; row: string }[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(
      `select r::text as row from convoke."${name}" r where r::text ilike '%' || $1 || '%'`,
      [text],
    );
    found.push(...rows.map(({ row }) => ({ table: name, row })));
  }
  return found;
}

async function connected(url: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const choices: readonly VoteInput[] = [0, 1, 1, 2, 0].map((option) => ({ selectedOptions: [option] }));

describe('of an anonymous vote', () => {
  test('no table holds the voter near the poll: not by name, not by time, not by transaction', async ({
    service,
    running,
    clock,
    url,
    events,
  }) => {
    const { id, host, participants: voters } = await running({ participants: 5 });
    const logged: unknown[] = [];
    const log = (...given: unknown[]) => void logged.push(given);
    const logger = { debug: log, info: log, warn: log, error: log };
    await using watched = await openService(url, { clock, secrets, logger });
    clock.advance(minutes);
    const poll = await roomOf(watched)(host).create(id, { ...single, isAnonymous: true });
    const seen: unknown[] = [];
    for (const [index, userId] of voters.entries()) {
      clock.advance(minutes);
      const vote = choices[index] ?? {};
      // Some change their mind, some come with a key that names them, some knock after the end.
      if (index === 1) await roomOf(watched)(userId).vote(poll.id, { selectedOptions: [0] });
      const rooms = watched.as({ userId }).with({ idempotencyKey: `${userId}:${poll.id}` });
      const cast = await (index < 3 ? rooms.polls : roomOf(watched)(userId)).vote(poll.id, vote);
      expect(cast).toEqual({ pollId: poll.id, ...vote, rating: null, responseText: null, respondedAt: null });
      seen.push(index === 2 ? await rooms.polls.vote(poll.id, vote) : cast);
    }
    await watched.worker.runOnce('polls.tally');
    const errors = [await fails(roomOf(watched)(host).voters(poll.id), 'FORBIDDEN')];
    expect(errors[0]?.details).toMatchObject({ condition: 'notAnonymous' });
    await using client = await connected(url);

    const check = async () => {
      const rows = await client.query<{ row: string; responded_at: Date; id: string }>(
        `select r::text as row, r.responded_at, r.id from convoke.meeting_poll_responses r where poll_id = $1`,
        [poll.id],
      );
      expect(rows.rows).toHaveLength(5);
      for (const { row, responded_at: respondedAt, id: rowId } of rows.rows) {
        expect(respondedAt).toEqual(poll.openedAt);
        expect(rowId[14]).toBe('4');
        for (const userId of [...voters, host]) expect(row).not.toContain(userId);
      }
      // Whatever knows a voter says nothing of the poll, and was not touched by what stored the vote.
      for (const userId of voters)
        for (const { table, row } of await rowsWith(client, userId))
          expect(`${table}: ${row}`).not.toMatch(new RegExp(poll.id, 'i'));
      const { rows: touched } = await client.query(
        `with votes as (select xmin::text as tx from convoke.meeting_poll_responses where poll_id = $1)
         select 'participant' as what from convoke.meeting_participants p join votes v on v.tx in (p.xmin::text, p.xmax::text)
         union all select 'session' from convoke.meeting_participant_sessions s join votes v on v.tx in (s.xmin::text, s.xmax::text)
         union all select 'event' from convoke.meeting_events e join votes v on v.tx in (e.xmin::text, e.xmax::text)
           where e.stream_kind = 1
         union all select 'head' from convoke.meeting_event_heads h join votes v on v.tx in (h.xmin::text, h.xmax::text)
           where h.stream_kind = 1`,
        [poll.id],
      );
      expect(touched).toEqual([]);
    };
    await check();

    for (const userId of [host, ...voters])
      seen.push(
        await roomOf(watched)(userId).list(id),
        await roomOf(watched)(userId).get(poll.id),
        userId === host ? await roomOf(watched)(userId).results(poll.id) : null,
      );
    seen.push(await roomOf(watched)(host).close(poll.id), await roomOf(watched)(host).exportCsv(poll.id));
    errors.push(
      await fails(roomOf(watched)(voters[0]).vote(poll.id, { selectedOptions: [0] }), 'POLL_CLOSED'),
      await fails(roomOf(watched)(host).voters(poll.id), 'FORBIDDEN'),
    );
    await check();
    await service.as({ userId: host }).meetings.end(id);
    await check();
    for (const userId of voters) {
      const metrics = await service.as({ userId: host }).engagement.participant(id, userId);
      expect(metrics.pollsParticipated).toBe(0);
      seen.push(metrics, await service.as({ userId: host }).engagement.explain(id, userId));
    }
    seen.push((await service.as({ userId: host }).meetings.history(id)).items);
    seen.push(events.filter(({ type }) => type.startsWith('poll.')));
    const told = seen.flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : [one]));
    for (const one of [...told, ...errors, ...logged]) {
      const text = `${JSON.stringify(one)} ${inspect(one, { depth: 10, showHidden: true })}`;
      if (!text.includes(poll.id)) continue;
      for (const userId of voters) expect(text).not.toContain(userId);
      expect(text).not.toMatch(/respondent|pseudonym/i);
    }
    expect(events.filter(({ type }) => type.startsWith('poll.vote'))).toEqual([]);
  });

  test('a key is kept as somebody else’s, and tells neither the choice nor the poll', async ({
    service,
    running,
    url,
    clock,
  }) => {
    const { id, host } = await running();
    const poll = await roomOf(service)(host).create(id, { ...single, isAnonymous: true });
    const key = newId();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: key }).polls;
    clock.advance(minutes);
    await keyed.vote(poll.id, { selectedOptions: [1] });
    const kept = await execute<{ actor_id: string; key: string; request_hash: string; response: unknown }>(
      url,
      `select k.* from convoke.meeting_idempotency_keys k where operation = 'polls.vote'
         and created_at = '${clock.now().toISOString()}'`,
    );
    expect(kept).toMatchObject([{ response: { respondedAt: null } }]);
    const [row] = kept;
    for (const secret of [host, key, poll.id]) expect(JSON.stringify(row)).not.toContain(secret);
    const voted = await execute<{ respondent_id: string }>(
      url,
      `select respondent_id from convoke.meeting_poll_responses where poll_id = '${poll.id}'`,
    );
    expect(voted[0]?.respondent_id).not.toBe(row?.actor_id);
    // Nor does trying all three choices find the one.
    await unchanged(url, async () => {
      await fails(keyed.vote(poll.id, { selectedOptions: [0] }), 'IDEMPOTENCY_CONFLICT');
      expect(await keyed.vote(poll.id, { selectedOptions: [1] })).toMatchObject({ selectedOptions: [1] });
    });
    await keyed.retract(poll.id);
    expect((await roomOf(service)(host).get(poll.id)).myVote).toBeNull();
    const retracted = await execute(
      url,
      `select 1 from convoke.meeting_idempotency_keys where operation = 'polls.retract' and actor_id = '${host}'`,
    );
    expect(retracted).toEqual([]);
  });

  test('the row says who it is under the secret alone', async ({ service, running, url, clock }) => {
    const { id, host } = await running();
    const [one, two] = [
      await roomOf(service)(host).create(id, { ...single, isAnonymous: true }),
      await roomOf(service)(host).create(id, { ...single, isAnonymous: true }),
    ];
    await using other = await openService(url, {
      clock,
      secrets: { anonymousPolls: 'another secret, just as long as that' },
    });
    for (const [rooms, poll] of [
      [service, one],
      [service, two],
      [other, one],
    ] as const)
      await roomOf(rooms)(host).vote(poll.id, { selectedOptions: [0] });
    const rows = await execute<{ respondent_id: string }>(
      url,
      `select respondent_id from convoke.meeting_poll_responses where poll_id in ('${one.id}', '${two.id}')`,
    );
    const ids = rows.map(({ respondent_id: respondent }) => respondent);
    expect(new Set(ids).size).toBe(3);
    for (const respondent of ids) expect(respondent).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/);
    await execute(url, `delete from convoke.meeting_poll_responses where poll_id in ('${one.id}', '${two.id}')`);
  });
});

test('whoever comes back is still the same voter', async ({ service, running, clock }) => {
  const { id, host, participants } = await running({ participants: 1 });
  const [voter] = participants;
  const polls = roomOf(service)(voter);
  const poll = await roomOf(service)(host).create(id, { ...multiple, isAnonymous: true, allowChange: false });
  await polls.vote(poll.id, { selectedOptions: [0] });
  await service.as({ userId: voter! }).participants.leave(id);
  await fails(polls.retract(poll.id), 'FORBIDDEN');
  clock.advance(minutes);
  await service.as({ userId: voter! }).participants.join(id);
  await fails(polls.vote(poll.id, { selectedOptions: [1] }), 'ALREADY_VOTED');
  expect((await polls.get(poll.id)).myVote).toMatchObject({ selectedOptions: [0], respondedAt: null });
});

test('once the poll is closed, votes lie in no order and of one age', async ({ service, running, url }) => {
  const { id, host, participants } = await running({ participants: 5 });
  const poll = await roomOf(service)(host).create(id, { ...open, isAnonymous: true });
  for (const [index, userId] of participants.entries())
    await roomOf(service)(userId).vote(poll.id, { responseText: `answer ${index}` });
  const rows = () =>
    execute<{ id: string; tx: string; who: string }>(
      url,
      `select id, xmin::text as tx, respondent_id as who from convoke.meeting_poll_responses
       where poll_id = '${poll.id}' order by ctid`,
    );
  const before = await rows();
  expect(new Set(before.map(({ tx }) => tx)).size).toBe(5);
  const { answers } = await roomOf(service)(host).close(poll.id);
  expect(answers).toHaveLength(5);
  const after = await rows();
  expect(new Set(after.map(({ tx }) => tx)).size).toBe(1);
  expect(after.map(({ who }) => who)).toEqual(after.map(({ who }) => who).toSorted());
  expect(after.map((row) => row.id).toSorted()).toEqual(before.map((row) => row.id).toSorted());
});

test('a poll whose time is over is read without a trace, too', async ({ service, running, clock }) => {
  const { id, host, participants } = await running({ participants: 3 });
  const closesAt = new Date(clock.now().getTime() + minutes);
  const poll = await roomOf(service)(host).create(id, { ...single, isAnonymous: true, closesAt });
  for (const userId of participants) await roomOf(service)(userId).vote(poll.id, { selectedOptions: [0] });
  clock.advance(hours);
  const result = await roomOf(service)(participants[0]).results(poll.id);
  expect(result).toMatchObject({ closedAt: closesAt, entitledVoters: 4, totals: { votes: 3 } });
  await roomOf(service)(host).close(poll.id);
  expect(await roomOf(service)(participants[0]).results(poll.id)).toEqual(result);
  expect(poll.openedAt).toEqual(new Date(start));
});
