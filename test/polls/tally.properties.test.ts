/** The result, counted by the database, against the same votes counted one by one. */
import fc from 'fast-check';
import { Client } from 'pg';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { PollInput, PollResults, PollTotals } from '../../src/polls/index.ts';
import { start, test } from '../setup/service.ts';
import { watchedClient } from '../setup/watched-client.ts';
import { multiple, open, question, rating, roomOf, single } from './ballots.ts';

interface Ballot {
  readonly selected: readonly number[];
  readonly text: string | null;
  /** When it was cast, in minutes. */
  readonly at: number;
}

interface Case {
  readonly input: PollInput;
  readonly options: readonly string[];
  readonly correct: readonly number[] | null;
  readonly ballots: readonly Ballot[];
}

const nothing = { selected: [], text: null };
/** A few votes that differ, or very many. */
const many = { maxLength: 40 };
const at = fc.nat(5);

function choosing(input: PollInput, options: readonly string[], most: number): fc.Arbitrary<Case> {
  const last = options.length - 1;
  const vote = fc.uniqueArray(fc.nat(last), { minLength: 1, maxLength: most });
  const selected = vote.map((list) => list.toSorted((one, other) => one - other));
  return fc.record({
    input: fc.constant(input),
    options: fc.constant(options),
    correct: most === 1 ? fc.constant(null) : fc.option(selected),
    ballots: fc.array(fc.oneof(fc.record({ selected, text: fc.constant(null), at }), fc.record({ ...noneAt() })), many),
  });
}

function noneAt() {
  return { selected: fc.constant([]), text: fc.constant(null), at };
}

const words = fc
  .array(fc.constantFrom('a', 'A', 'b', 'Ü', 'ü', ' ', '\t', '\n', '  ', "'", '%'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''))
  .filter((text) => text.trim() !== '');
const written: fc.Arbitrary<Case> = fc.record({
  input: fc.constant<PollInput>(open),
  options: fc.constant([]),
  correct: fc.constant(null),
  ballots: fc.array(fc.oneof(fc.record({ selected: fc.constant([]), text: words, at }), fc.record(noneAt())), many),
});
const stars = ['1', '2', '3', '4', '5'];
const wide = Array.from({ length: 50 }, (_, index) => `option ${index}`);
const anyCase: fc.Arbitrary<Case> = fc.oneof(
  choosing(single, single.options, 1),
  choosing(multiple, multiple.options, 4),
  choosing({ pollType: 'MultipleChoice', question, options: wide }, wide, 50),
  choosing(rating, stars, 1),
  written,
);

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(list: readonly (number | undefined)[]): number {
  return list.reduce<number>((total, one) => total + (one ?? 0), 0);
}

function naiveTotals({ input, options, correct, ballots }: Case): PollTotals {
  const answered = ballots.filter(({ selected, text }) => selected.length > 0 || text !== null);
  const rated = input.pollType === 'Rating' ? answered.map(({ selected }) => (selected[0] ?? 0) + 1) : [];
  const sorted = rated.toSorted((one, other) => one - other);
  const middle = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return {
    votes: ballots.length,
    abstained: ballots.length - answered.length,
    options: options.map((option, index) => {
      const votes = answered.filter(({ selected }) => selected.includes(index)).length;
      return { option, votes, share: ratio(votes, answered.length) };
    }),
    mean: rated.length === 0 ? null : sum(rated) / rated.length,
    median: rated.length === 0 ? null : sum(middle) / 2,
    correct: correct && ballots.filter(({ selected }) => JSON.stringify(selected) === JSON.stringify(correct)).length,
  };
}

function naiveAnswers({ ballots }: Case): { text: string; votes: number }[] {
  const groups = new Map<string, Ballot[]>();
  for (const ballot of ballots) {
    if (ballot.text === null) continue;
    const key = ballot.text.trim().replaceAll(/\s+/g, ' ').toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), ballot]);
  }
  return [...groups.values()].map((group) => {
    const newest = group.reduce((one, other) => (other.at >= one.at ? other : one));
    return { text: newest.text ?? '', votes: group.length };
  });
}

const ordered = (answers: PollResults['answers']) =>
  (answers ?? []).map(({ text, votes }) => `${votes} ${text}`).toSorted();

test(
  'a result is what counting by hand gives, open, closed, and fixed',
  { timeout: 120_000 },
  async ({ service, running, url, clock }) => {
    const { id, host } = await running();
    const polls = roomOf(service)(host);
    const client = new Client({ connectionString: url });
    await client.connect();
    const count = (given: Case): Promise<void> =>
      (async () => {
        const quiz = given.correct === null ? {} : { correctOptions: [...given.correct] };
        const { id: pollId } = await polls.create(id, { ...given.input, ...quiz, allowAbstain: true });
        await client.query(
          `insert into convoke.meeting_poll_responses (id, poll_id, respondent_id, selected_options, response_text, responded_at)
         select (b->>'id')::uuid, $1, gen_random_uuid(), b->'selected', b->>'text',
                $3::timestamptz + make_interval(mins => (b->>'at')::int)
         from jsonb_array_elements($2::jsonb) b`,
          [pollId, JSON.stringify(given.ballots.map((ballot) => ({ ...nothing, ...ballot, id: newId() }))), start],
        );
        const expected = naiveTotals(given);
        const seen = await polls.results(pollId);
        expect(seen.totals).toEqual({ ...expected, correct: null });
        clock.advance(10 * 60_000);
        const closed = await polls.close(pollId);
        expect(closed.totals).toEqual(expected);
        const answers = given.input.pollType === 'OpenEnded' ? naiveAnswers(given) : null;
        expect(ordered(closed.answers)).toEqual(ordered(answers));
        expect(closed.distinctAnswers).toBe(answers === null ? null : answers.length);
        const frequencies = (closed.answers ?? []).map(({ votes }) => votes);
        expect(frequencies).toEqual(frequencies.toSorted((one, other) => other - one));
        expect(await polls.results(pollId)).toEqual(closed);
        expect(closed.entitledVoters).toBe(given.ballots.length + 1);
        clock.set(start);
        // Nobody on the roster has cast them.
        await client.query('delete from convoke.meeting_poll_responses where poll_id = $1', [pollId]);
      })();
    try {
      await fc.assert(fc.asyncProperty(anyCase, count), { numRuns: 60 });
    } finally {
      await client.end();
    }
  },
);

test('ten thousand votes are counted in one statement', async ({ service, running, url }) => {
  const { id, host } = await running();
  const polls = roomOf(service)(host);
  const poll = await polls.create(id, multiple);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into convoke.meeting_poll_responses (poll_id, respondent_id, selected_options, responded_at)
     select $1, gen_random_uuid(), jsonb_build_array(n % 3, 3), $2 from generate_series(1, 10000) n`,
    [poll.id, start],
  );
  await using watched = await watchedClient(url);
  const { totals } = await service.as({ userId: host }, { client: watched }).polls.results(poll.id);
  expect(watched.texts.filter((text) => /count\(/.test(text))).toHaveLength(1);
  expect(totals?.options.map(({ votes }) => votes)).toEqual([3333, 3334, 3333, 10_000]);
  await client.query('delete from convoke.meeting_poll_responses where poll_id = $1', [poll.id]);
  await client.end();
});

test('of very many answers the hundred most frequent are shown, and how many there are', async ({
  service,
  running,
  url,
}) => {
  const { id, host } = await running();
  const polls = roomOf(service)(host);
  const poll = await polls.create(id, open);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into convoke.meeting_poll_responses (poll_id, respondent_id, selected_options, response_text, responded_at)
     select $1, gen_random_uuid(), '[]', 'answer ' || least(n, 150), $2 from generate_series(1, 160) n`,
    [poll.id, start],
  );
  const { answers, distinctAnswers } = await polls.results(poll.id);
  expect(answers).toHaveLength(100);
  expect(answers?.[0]).toEqual({ text: 'answer 150', votes: 11 });
  expect(distinctAnswers).toBe(150);
  await client.query('delete from convoke.meeting_poll_responses where poll_id = $1', [poll.id]);
  await client.end();
});
