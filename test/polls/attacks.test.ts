/** What attackers and careless hosts try on polls: each is refused with a typed error, and nothing changes. */
import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { PollService } from '../../src/polls/index.ts';
import { fails, test, unchanged } from '../setup/service.ts';
import { watchedClient } from '../setup/watched-client.ts';
import { open, roomOf, single, yesNo } from './ballots.ts';

// A hostile caller is not bound by our types; this is where they are taken off.
type Untyped = Record<keyof PollService, (...given: unknown[]) => Promise<unknown>>;
const untyped = (polls: PollService) => polls as unknown as Untyped;

const byId = ['open', 'retract', 'close', 'results', 'voters', 'get', 'exportCsv'] as const;

test('a poll of another meeting is as unknown as none at all', async ({ service, running, url }) => {
  const [one, other] = [await running(), await running()];
  const poll = await roomOf(service)(other.host).create(other.id, single);
  const polls = roomOf(service)(one.host);
  await unchanged(url, async () => {
    for (const method of byId)
      expect(JSON.stringify(await fails(polls[method](poll.id), 'NOT_FOUND'))).toBe(
        JSON.stringify(await fails(polls[method](newId()), 'NOT_FOUND')),
      );
    for (const act of [
      (id: string) => polls.vote(id, { selectedOptions: [0] }),
      (id: string) => service.as({ userId: one.host }).with({ idempotencyKey: newId() }).polls.vote(id, { rating: 1 }),
    ])
      expect(JSON.stringify(await fails(act(poll.id), 'NOT_FOUND'))).toBe(
        JSON.stringify(await fails(act(newId()), 'NOT_FOUND')),
      );
    for (const act of [(id: string) => polls.create(id, single), (id: string) => polls.list(id)])
      expect(JSON.stringify(await fails(act(other.id), 'NOT_FOUND'))).toBe(
        JSON.stringify(await fails(act(newId()), 'NOT_FOUND')),
      );
  });
});

describe('smuggled fields', () => {
  const smuggled = [
    { creatorId: newId() },
    { id: newId() },
    { meetingId: newId() },
    { meeting: { id: newId(), title: 'HACKED' } },
    { isActive: true },
    { openedAt: '2026-03-02T09:00:00Z' },
    { closedAt: null },
    { totals: { votes: 99 } },
    { entitledVoters: 1 },
    { respondentId: newId() },
    { voterId: newId() },
    { role: 'Host' },
    { version: 9 },
  ];

  test.for(smuggled)('%o are refused in a poll and in a vote', async (extra, { service, running, url }) => {
    const { id, host } = await running();
    const polls = untyped(roomOf(service)(host));
    const { id: pollId } = await roomOf(service)(host).create(id, single);
    await unchanged(url, async () => {
      await fails(polls.create(id, { ...single, ...extra }), 'VALIDATION');
      await fails(polls.create(id, { ...yesNo, ...extra }), 'VALIDATION');
      await fails(polls.create(id, { ...single, options: ['a', { ...extra }] }), 'VALIDATION');
      await fails(polls.vote(pollId, { selectedOptions: [0], ...extra }), 'VALIDATION');
      await fails(polls.vote(pollId, { selectedOptions: [{ ...extra }] }), 'VALIDATION');
      await fails(polls.voters(pollId, { limit: 5, ...extra }), 'VALIDATION');
      await fails(polls.list(id, { ...extra }), 'VALIDATION');
    });
  });
});

test('operators, lists and wrong types in place of values reach no statement', async ({ service, running, url }) => {
  const { id, host } = await running();
  const { id: pollId } = await roomOf(service)(host).create(id, single);
  await using client = await watchedClient(url);
  const polls = untyped(service.as({ userId: host }, { client }).polls);
  const bad: unknown[] = [
    ...[{ $ne: null }, ['a', 'b'], { $like: '%' }, true, 0, null, '', undefined, Symbol('x'), 10n, () => {}],
    ...["' or 1=1 --", 'x'.repeat(100_000)],
  ];
  const but = (...fine: unknown[]) => bad.filter((value) => !fine.includes(value));
  const fields: Record<string, unknown[]> = {
    ...{ pollType: bad, options: but(bad[1]), question: but("' or 1=1 --"), resultsVisibility: but(undefined) },
    ...{ isAnonymous: but(true, undefined), draft: but(true, undefined), allowChange: but(true, undefined) },
    ...{ closesAt: but(null, undefined), quorumPercent: but(null, undefined), correctOptions: but(null, undefined) },
  };
  const calls: (() => Promise<unknown>)[] = [
    ...bad.flatMap((value) => [
      ...byId.map((method) => () => polls[method](value)),
      ...[() => polls.vote(value, { selectedOptions: [0] }), () => polls.create(value, single)],
      ...[() => polls.list(value), () => polls.vote(pollId, value), () => polls.create(id, value)],
    ]),
    ...Object.entries(fields).flatMap(([field, values]) =>
      values.map((value) => () => polls.create(id, { ...single, [field]: value })),
    ),
    ...but(undefined).flatMap((value) => [
      ...[
        () => polls.vote(pollId, { selectedOptions: value }),
        () => polls.vote(pollId, { selectedOptions: [0, value] }),
      ],
      ...[() => polls.vote(pollId, { rating: value }), () => polls.voters(pollId, { limit: value })],
    ]),
    ...but(undefined, "' or 1=1 --").map((value) => () => polls.vote(pollId, { responseText: value })),
    ...but(undefined, "' or 1=1 --").map((value) => () => polls.list(id, { cursor: value })),
  ];
  for (const call of calls) await fails(call(), 'VALIDATION');
  expect(client.texts).toEqual([]);
});

test('keys that would change a prototype are refused and pollute nothing', async ({ service, running, url }) => {
  const { id, host } = await running();
  const polls = untyped(roomOf(service)(host));
  const { id: pollId } = await roomOf(service)(host).create(id, single);
  const payloads = ['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}'];
  await unchanged(url, async () => {
    for (const payload of payloads) {
      const extra = JSON.parse(payload) as object;
      await fails(
        polls.create(id, JSON.parse(`${JSON.stringify(single).slice(0, -1)},${payload.slice(1)}`)),
        'VALIDATION',
      );
      await fails(polls.create(id, { ...single, options: ['a', extra] }), 'VALIDATION');
      await fails(polls.create(id, { ...single, options: extra }), 'VALIDATION');
      await fails(polls.vote(pollId, JSON.parse(`{"selectedOptions":[0],${payload.slice(1)}`)), 'VALIDATION');
      await fails(polls.vote(pollId, { selectedOptions: [extra] }), 'VALIDATION');
    }
  });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('hostile text comes back as it was given', async ({ service, running }) => {
  const { id, host } = await running();
  const words = `'; drop table meeting_polls; -- "$1" \\ %s ? {{x}} <b>\n\t🧮`;
  const options = ["a'b", '$1', '\\', '{"x":1}', '<script>'];
  const polls = roomOf(service)(host);
  const poll = await polls.create(id, { ...single, question: words, options });
  expect(await polls.get(poll.id)).toMatchObject({ question: words, options });
  const asked = await polls.create(id, { ...open, question: words });
  await polls.vote(asked.id, { responseText: words });
  expect((await polls.results(asked.id)).answers).toEqual([{ text: words, votes: 1 }]);
  expect((await polls.get(asked.id)).myVote?.responseText).toBe(words);
});
