import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { tries } from '../setup/effort.ts';
import { openService, people, secrets } from '../setup/service.ts';
import {
  type Arena,
  arena as arenaOf,
  atOnce,
  endings,
  poolSize,
  rounds,
  tally,
  test as base,
  waiting,
} from './arena.ts';

/** A service that may have anonymous polls. */
const test = base.extend<{ voting: MeetingService }>({
  voting: [
    async ({ url, arena }, use) => {
      await using service = await openService(url, { limits: { poolSize }, secrets });
      await use(service);
      expect(arena.service).not.toBe(service);
    },
    { scope: 'file' },
  ],
});

const wish = { pollType: 'SingleChoice', question: 'Which?', options: ['a', 'b', 'c'] } as const;
const choose = (option: number) => ({ selectedOptions: [option] });

/** A running meeting, and what one person does in its polls. */
async function room(service: MeetingService, arena: Arena, voters: number) {
  const crowd = people(voters);
  const { id, host } = await arenaOf(service, arena).room({ started: true, invite: crowd, present: crowd });
  return { id, host, crowd, polls: (userId: string) => service.as({ userId }).polls };
}

/** A sweep of a service's worker. */
function sweep(service: MeetingService, job: string) {
  return async () => expect((await service.worker.runOnce(job)).failed).toEqual([]);
}

/** What the rows say, counted one by one. */
async function counted({ sql }: Pick<Arena, 'sql'>, pollId: string): Promise<{ votes: number; counts: number[] }> {
  const rows = await sql<{ chosen: number }>(
    `select (selected_options->>0)::int as chosen from convoke.meeting_poll_responses where poll_id = $1`,
    [pollId],
  );
  return {
    votes: rows.length,
    counts: wish.options.map((_, option) => rows.filter(({ chosen }) => chosen === option).length),
  };
}

test(
  'thirty voters race one close: what the close has counted never changes',
  { timeout: 240_000 },
  async ({ voting, arena }) => {
    const { id, host, crowd, polls } = await room(voting, arena, 30);
    let [early, late] = [0, 0];
    await rounds(100, async (round) => {
      const poll = await polls(host).create(id, { ...wish, isAnonymous: round % 2 === 1 });
      const closing = Promise.withResolvers<Awaited<ReturnType<ReturnType<typeof polls>['close']>>>();
      const calls = crowd.map((userId, index) => () => polls(userId).vote(poll.id, choose(index % 3)));
      const close = async () => closing.resolve(await polls(host).close(poll.id));
      // A close takes several round trips, a vote one.
      const { ok = 0, POLL_CLOSED: refused = 0 } = await tally([close(), ...atOnce(calls)]);
      const closed = await closing.promise;
      expect(ok + refused).toBe(31);
      early += ok - 1;
      late += refused;
      const { votes, counts } = await counted(arena, poll.id);
      expect(votes).toBe(ok - 1);
      const shown = { votes, options: counts.map((each) => ({ votes: each })) };
      expect(closed).toMatchObject({ totals: poll.isAnonymous && votes < 3 ? null : shown });
      expect(await polls(host).results(poll.id)).toEqual(closed);
      expect(closed.entitledVoters).toBe(31);
      const [stored] = await arena.sql<{ totals: object }>(`select totals from convoke.meeting_polls where id = $1`, [
        poll.id,
      ]);
      expect(stored?.totals).toMatchObject({ votes, counts });
    });
    // Otherwise nothing has raced.
    expect([early > 0, late > 0]).toEqual([true, true]);
  },
);

test.for([false, true])(
  'the same vote fifty times at once is one vote (anonymous: %s)',
  async (isAnonymous, { voting, arena }) => {
    const { id, host, polls } = await room(voting, arena, 0);
    await rounds(10, async () => {
      const final = await polls(host).create(id, { ...wish, isAnonymous, allowChange: false });
      const votes = Array.from({ length: 50 }, () => polls(host).vote(final.id, choose(1)));
      expect(await tally(votes)).toEqual({ ok: 1, ALREADY_VOTED: 49 });
      expect(await counted(arena, final.id)).toEqual({ votes: 1, counts: [0, 1, 0] });

      const open = await polls(host).create(id, { ...wish, isAnonymous });
      const changes = Array.from({ length: 20 }, (_, index) => polls(host).vote(open.id, choose(index % 3)));
      const withdrawals = Array.from({ length: 5 }, () => polls(host).retract(open.id));
      expect(await tally([...changes, ...withdrawals])).toEqual({ ok: 25 });
      expect((await counted(arena, open.id)).votes).toBeLessThanOrEqual(1);
    });
  },
);

test('the end of the meeting closes the poll behind the last vote', { timeout: 60_000 }, async ({ voting, arena }) => {
  await rounds(30, async (round) => {
    const { id, host, crowd, polls } = await room(voting, arena, 6);
    const isAnonymous = round % 2 === 1;
    const poll = await polls(host).create(id, { ...wish, isAnonymous });
    const calls = crowd.map((userId, index) => () => polls(userId).vote(poll.id, choose(index % 3)));
    const ends = await endings(atOnce([...calls, () => voting.as({ userId: host }).meetings.end(id)]));
    expect(ends.at(-1)).toBe('ok');
    const refusals = ['INVALID_TRANSITION', 'FORBIDDEN', 'POLL_CLOSED'];
    expect(ends.filter((end) => end !== 'ok' && !refusals.includes(end))).toEqual([]);
    const [stored] = await arena.sql<{ is_active: boolean; totals: { votes: number; counts: number[] } }>(
      `select is_active, totals from convoke.meeting_polls where id = $1`,
      [poll.id],
    );
    const { votes, counts } = await counted(arena, poll.id);
    expect(votes).toBe(ends.filter((end) => end === 'ok').length - 1);
    expect(stored).toMatchObject({ is_active: false, totals: { votes, counts } });
    expect((await arena.facts(id)).events).toMatchObject({ 'poll.closed': 1, 'meeting.ended': 1 });
  });
});

test('who is removed votes before that or not at all', async ({ voting, arena }) => {
  const { id, host, polls } = await room(voting, arena, 0);
  const poll = await polls(host).create(id, wish);
  await rounds(30, async () => {
    const userId = newId();
    await voting.as({ userId: host }).invitations.invite(id, { inviteeIds: [userId] });
    await voting.as({ userId }).participants.join(id);
    const [removed, voted] = await endings(
      atOnce([
        () => voting.as({ userId: host }).participants.remove(id, userId),
        () => polls(userId).vote(poll.id, choose(0)),
      ]),
    );
    expect(removed).toBe('ok');
    expect(['ok', 'NOT_FOUND', 'FORBIDDEN']).toContain(voted);
    const [row] = await arena.sql(
      `select 1 from convoke.meeting_poll_responses where poll_id = $1 and respondent_id = $2`,
      [poll.id, userId],
    );
    expect(row === undefined).toBe(voted !== 'ok');
    expect(await endings([polls(userId).vote(poll.id, choose(1))])).toEqual(['NOT_FOUND']);
  });
});

test('a vote that waits for a removal finds its voter gone', async ({ voting, arena, orm }) => {
  const { id, host, crowd, polls } = await room(voting, arena, 1);
  const [userId = ''] = crowd;
  const [poll, secret] = [
    await polls(host).create(id, wish),
    await polls(host).create(id, { ...wish, isAnonymous: true }),
  ];
  let late: Promise<string[]> = Promise.resolve([]);
  await orm.em.fork().transactional(async (em) => {
    await voting.as({ userId: host }, { em }).participants.remove(id, userId);
    late = endings([polls(userId).vote(poll.id, choose(0))]);
    await waiting(arena, 1);
    // No lock ties an anonymous vote to a person: it is judged by what was true when it began.
    expect(await endings([polls(userId).vote(secret.id, choose(0))])).toEqual(['ok']);
  });
  expect(await late).toEqual(['NOT_FOUND']);
  expect(await endings([polls(userId).vote(secret.id, choose(1))])).toEqual(['NOT_FOUND']);
});

test('a close waits for votes under way, and votes wait for a close', async ({ voting, arena, orm }) => {
  const { id, host, crowd, polls } = await room(voting, arena, 3);
  for (const isAnonymous of [false, true]) {
    const poll = await polls(host).create(id, { ...wish, isAnonymous });
    for (const userId of crowd) await polls(userId).vote(poll.id, choose(0));
    let closing = Promise.resolve<Awaited<ReturnType<ReturnType<typeof polls>['close']>> | null>(null);
    await orm.em.fork().transactional(async (em) => {
      await voting.as({ userId: host }, { em }).polls.vote(poll.id, choose(1));
      closing = polls(host).close(poll.id);
      await waiting(arena, 1);
    });
    expect((await closing)?.totals?.votes).toBe(4);

    const other = await polls(host).create(id, { ...wish, isAnonymous });
    let late: Promise<string[]> = Promise.resolve([]);
    await orm.em.fork().transactional(async (em) => {
      await voting.as({ userId: host }, { em }).polls.close(other.id);
      late = endings([polls(crowd[0] ?? '').vote(other.id, choose(0))]);
      await waiting(arena, 1);
    });
    expect(await late).toEqual(['POLL_CLOSED']);
  }
});

test('a poll whose time is over is settled once, by whomever', async ({ voting, arena, url }) => {
  await using other = await openService(url, { limits: { poolSize }, secrets });
  await rounds(20, async (round) => {
    const { id, host, crowd, polls } = await room(voting, arena, 3);
    const closesAt = new Date(Date.now() + 3_600_000);
    const poll = await polls(host).create(id, { ...wish, isAnonymous: round % 2 === 1, closesAt });
    for (const userId of crowd) await polls(userId).vote(poll.id, choose(2));
    const over = await arena.sql<{ at: Date }>(
      `update convoke.meeting_polls set closes_at = date_trunc('milliseconds', clock_timestamp()) where id = $1
       returning closes_at as at`,
      [poll.id],
    );
    const ends = await endings(
      atOnce([
        ...[sweep(voting, 'polls.close'), sweep(other, 'polls.close'), () => polls(host).close(poll.id)],
        ...[() => other.as({ userId: host }).meetings.end(id), () => polls(crowd[0] ?? '').vote(poll.id, choose(1))],
      ]),
    );
    expect(ends.slice(0, 2)).toEqual(['ok', 'ok']);
    expect(ends[3]).toBe('ok');
    expect(ends[4]).not.toBe('ok');
    expect((await arena.facts(id)).events['poll.closed']).toBe(1);
    expect(await polls(host).results(poll.id)).toMatchObject({
      ...{ closedAt: over[0]?.at, totals: { votes: 3 }, entitledVoters: 4 },
    });
  });
});

test('while everybody votes, tallies are announced, each once', async ({ voting, arena, url }) => {
  await using other = await openService(url, { limits: { poolSize }, secrets });
  const { id, host, crowd, polls } = await room(voting, arena, 20);
  const poll = await polls(host).create(id, { ...wish, resultsVisibility: 'always' });
  const sweeps = [voting, other, voting, other].map((service) => sweep(service, 'polls.tally'));
  const votes = crowd.map((userId, index) => () => polls(userId).vote(poll.id, choose(index % 3)));
  const ends = await tally(atOnce([...votes, ...sweeps]));
  expect(ends).toEqual({ ok: 24 });
  expect((await arena.facts(id)).events['poll.tallied'] ?? 0).toBeLessThanOrEqual(1);
  expect((await polls(host).close(poll.id)).totals?.votes).toBe(20);
});

test('a draft is opened once, a poll closed once, however many try', async ({ voting, arena }) => {
  const { id, host, polls } = await room(voting, arena, 0);
  await rounds(10, async () => {
    const draft = await polls(host).create(id, { ...wish, draft: true });
    const opens = Array.from({ length: 6 }, () => () => polls(host).open(draft.id));
    expect(await tally(atOnce(opens))).toEqual({ ok: 1, CONFLICT: 5 });
    const closes = Array.from({ length: 6 }, () => () => polls(host).close(draft.id));
    expect(await tally(atOnce(closes))).toEqual({ ok: 1, POLL_CLOSED: 5 });
  });
  expect((await arena.facts(id)).events).toMatchObject({
    'poll.opened': tries(10),
    'poll.closed': tries(10),
  });
});
