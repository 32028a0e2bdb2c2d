import { describe, expect } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { PollResults, PollView, VoteView } from '../../src/polls/index.ts';
import { fails, minutes, openService, secrets, start, test } from '../setup/service.ts';
import { cast, multiple, open, rating, roomOf, single } from './ballots.ts';

type Seen = 'seen' | 'FORBIDDEN';
const visible = (outcome: Promise<unknown>): Promise<unknown> =>
  outcome.then(
    () => 'seen',
    (error: unknown) => isMeetingError(error) && error.code,
  );

describe('totals', () => {
  /** Who has voted, who has not, and who watches; while the poll is open, and after. */
  test.for<['always' | 'afterVote' | 'afterClose' | 'hostsOnly', [Seen, Seen, Seen], [Seen, Seen, Seen]]>([
    ['always', ['seen', 'seen', 'FORBIDDEN'], ['seen', 'seen', 'seen']],
    ['afterVote', ['seen', 'FORBIDDEN', 'FORBIDDEN'], ['seen', 'seen', 'seen']],
    ['afterClose', ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'], ['seen', 'seen', 'seen']],
    ['hostsOnly', ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'], ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']],
  ])('that are shown %s', async ([resultsVisibility, whileOpen, afterwards], { service, running }) => {
    const { id, host, participants } = await running({ participants: 5 });
    const [voted, silent, watcher, presenter, deputy] = participants;
    const people = service.as({ userId: host }).participants;
    await people.setRole(id, watcher!, 'Observer');
    await people.setRole(id, presenter!, 'Presenter');
    await people.setRole(id, deputy!, 'CoHost');
    for (const isAnonymous of [false, true]) {
      const poll = await roomOf(service)(presenter).create(id, { ...single, resultsVisibility, isAnonymous });
      await cast(service, poll, [voted!, host, deputy!], [0, 1, 0]);
      const look = () =>
        Promise.all([voted, silent, watcher].map((userId) => visible(roomOf(service)(userId).results(poll.id))));
      expect(await look()).toEqual(whileOpen);
      for (const userId of [host, deputy, presenter])
        expect((await roomOf(service)(userId).results(poll.id)).totals).toMatchObject({ votes: 3 });
      await fails(service.asSystem().polls.results(poll.id), 'FORBIDDEN');
      await fails(roomOf(service)(newId()).results(poll.id), 'NOT_FOUND');
      await roomOf(service)(host).close(poll.id);
      expect(await look()).toEqual(afterwards);
      for (const rooms of [host, deputy, presenter].map(roomOf(service)).concat(service.asSystem().polls))
        expect((await rooms.results(poll.id)).totals).toMatchObject({ votes: 3 });
      await fails(roomOf(service)(newId()).results(poll.id), 'NOT_FOUND');
    }
  });

  test('of an anonymous poll are shown from three votes on', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const polls = roomOf(service)(host);
    const hidden = { totals: null, answers: null, distinctAnswers: null, quorumReached: null };
    for (const [input, vote] of [
      [single, { selectedOptions: [0] }],
      [open, { responseText: 'me' }],
    ] as const) {
      const wish = { ...input, isAnonymous: true, quorumPercent: 10 };
      const [few, enough] = [await polls.create(id, wish), await polls.create(id, wish)];
      for (const [index, userId] of participants.entries()) {
        if (index < 2) await roomOf(service)(userId).vote(few.id, vote);
        await roomOf(service)(userId).vote(enough.id, vote);
        expect((await polls.results(enough.id)).totals === null).toBe(index < 2);
      }
      await roomOf(service)(participants[0]).retract(enough.id);
      expect(await polls.results(enough.id)).toMatchObject(hidden);
      await roomOf(service)(participants[0]).vote(enough.id, vote);
      events.length = 0;
      expect(await polls.close(few.id)).toMatchObject({ ...hidden, entitledVoters: 4 });
      expect(await polls.results(few.id)).toMatchObject(hidden);
      expect(events).toMatchObject([{ type: 'poll.closed', data: { totals: null, quorumReached: null } }]);
      expect(await polls.close(enough.id)).toMatchObject({ totals: { votes: 3 }, quorumReached: true });
    }
  });

  test('of a rating have a mean, a median and a histogram', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 5 });
    const poll = await roomOf(service)(host).create(id, { ...rating, allowAbstain: true });
    const empty = await roomOf(service)(host).results(poll.id);
    expect(empty.totals).toMatchObject({ votes: 0, abstained: 0, mean: null, median: null });
    for (const [index, stars] of [5, 5, 2, 1].entries())
      await roomOf(service)(participants[index]).vote(poll.id, { rating: stars });
    await roomOf(service)(participants[4]).vote(poll.id, { selectedOptions: [] });
    const { totals } = await roomOf(service)(host).results(poll.id);
    expect(totals).toMatchObject({ votes: 5, abstained: 1, mean: 3.25, median: 3.5 });
    expect(totals?.options.map(({ option, votes, share }) => [option, votes, share])).toEqual([
      ['1', 1, 0.25],
      ['2', 1, 0.25],
      ['3', 0, 0],
      ['4', 0, 0],
      ['5', 2, 0.5],
    ]);
  });

  test('of an open question count letters as one, however they are composed, and show them as they were written', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const poll = await roomOf(service)(host).create(id, { pollType: 'OpenEnded', question: 'Where?' });
    const [composed, decomposed] = ['Caf\u00e9', 'cafe\u0301'];
    const words = [composed, 'Cafe', `${composed} `, decomposed];
    for (const [index, responseText] of words.entries()) {
      clock.advance(1);
      await roomOf(service)(participants[index]).vote(poll.id, { responseText });
    }
    const result = await roomOf(service)(host).results(poll.id);
    expect(result.answers).toEqual([
      { text: decomposed, votes: 3 },
      { text: 'Cafe', votes: 1 },
    ]);
    const kept = await Promise.all(participants.map((userId) => roomOf(service)(userId).get(poll.id)));
    expect(kept.map(({ myVote }) => myVote?.responseText)).toEqual(words);
  });

  test('of an open question are groups of like answers', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 5 });
    const poll = await roomOf(service)(host).create(id, { ...open, allowAbstain: true });
    const words = ['More breaks', 'Nothing', '  more\tBREAKS ', 'More  breaks\n'];
    for (const [index, responseText] of words.entries()) {
      clock.advance(minutes);
      await roomOf(service)(participants[index]).vote(poll.id, { responseText });
    }
    await roomOf(service)(participants[4]).vote(poll.id, { selectedOptions: [] });
    const result = await roomOf(service)(host).results(poll.id);
    expect(result.totals).toMatchObject({ votes: 5, abstained: 1, options: [] });
    expect(result.answers).toEqual([
      { text: 'More  breaks\n', votes: 3 },
      { text: 'Nothing', votes: 1 },
    ]);
    expect(result.distinctAnswers).toBe(2);
  });
});

describe('the right answers of a quiz', () => {
  test('are told to nobody while it is open, and afterwards with the result', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [right, wrong, half] = participants;
    const polls = roomOf(service)(host);
    events.length = 0;
    const made = await polls.create(id, { ...multiple, resultsVisibility: 'always', correctOptions: [3, 0] });
    await roomOf(service)(right).vote(made.id, { selectedOptions: [3, 0] });
    await roomOf(service)(wrong).vote(made.id, { selectedOptions: [1] });
    await roomOf(service)(half).vote(made.id, { selectedOptions: [0] });
    await service.worker.runOnce('polls.tally');
    const told: unknown[] = [
      made,
      ...events,
      ...(await polls.voters(made.id)).items,
      await polls.exportCsv(made.id),
      ...(await Promise.all(
        [host, right].flatMap((userId): Promise<unknown>[] => [
          roomOf(service)(userId).get(made.id),
          roomOf(service)(userId).list(id),
          roomOf(service)(userId).results(made.id),
        ]),
      )),
    ];
    expect(JSON.stringify(told)).not.toMatch(/correct(Options)?(?!(Options)?":null)/i);

    const closed = await polls.close(made.id);
    expect(closed).toMatchObject({ correctOptions: [0, 3], totals: { correct: 1 } });
    expect(await roomOf(service)(wrong).get(made.id)).toMatchObject({ correctOptions: [0, 3] });
    expect((await polls.voters(made.id)).items.map(({ userId, isCorrect }) => [userId, isCorrect])).toEqual([
      [right, true],
      [wrong, false],
      [half, false],
    ]);
  });

  test('stay with hosts where the result does', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const wish = { ...single, resultsVisibility: 'hostsOnly', correctOptions: [1] } as const;
    const poll = await roomOf(service)(host).create(id, wish);
    await roomOf(service)(host).close(poll.id);
    expect((await roomOf(service)(host).get(poll.id)).correctOptions).toEqual([1]);
    expect((await roomOf(service)(participants[0]).get(poll.id)).correctOptions).toBeNull();
    expect((await roomOf(service)(participants[0]).list(id)).items).toMatchObject([{ correctOptions: null }]);
  });
});

describe('voters', () => {
  test('are named to hosts and to the maker, page by page, in the order of their votes', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 5 });
    const [presenter, ...others] = participants;
    await service.as({ userId: host }).participants.setRole(id, presenter!, 'Presenter');
    const poll = await roomOf(service)(presenter).create(id, { ...rating, resultsVisibility: 'always' });
    for (const [index, userId] of others.entries()) {
      if (index !== 2) clock.advance(minutes);
      await roomOf(service)(userId).vote(poll.id, { rating: index + 1 });
    }
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await roomOf(service)(presenter).voters(poll.id, { limit: 2, ...(cursor && { cursor }) });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual((await roomOf(service)(host).voters(poll.id)).items);
    expect(seen).toMatchObject(
      others.map((userId, index) => ({ userId, rating: index + 1, selectedOptions: [index], isCorrect: null })),
    );
    expect(Object.keys(seen[0] as object)).not.toContain('respondentId');
    for (const userId of [others[0], newId()])
      await fails(roomOf(service)(userId).voters(poll.id), userId === others[0] ? 'FORBIDDEN' : 'NOT_FOUND');
    await fails(service.asSystem().polls.voters(poll.id), 'FORBIDDEN');
    await fails(roomOf(service)(host).voters(poll.id, { cursor: 'x' }), 'VALIDATION');
  });
});

describe('list', () => {
  test('comes in pages, oldest first, with one’s own votes', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const made: PollView[] = [];
    for (let index = 0; index < 5; index++) {
      if (index !== 3) clock.advance(minutes);
      made.push(await roomOf(service)(host).create(id, { ...single, isAnonymous: index % 2 === 1 }));
    }
    const polls = roomOf(service)(participants[0]);
    const votes: VoteView[] = [];
    for (const poll of made) votes.push(await polls.vote(poll.id, { selectedOptions: [2] }));
    const seen: PollView[] = [];
    let cursor: string | undefined;
    do {
      const page = await polls.list(id, { limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(made.map((poll, index) => ({ ...poll, myVote: votes[index] })));
    expect(votes.map(({ respondedAt }) => respondedAt === null)).toEqual([false, true, false, true, false]);
    for (const poll of seen) expect(await polls.get(poll.id)).toEqual(poll);
    expect((await service.asSystem().polls.list(id)).items.map(({ myVote }) => myVote)).toEqual(made.map(() => null));
    await fails(roomOf(service)(newId()).list(id), 'NOT_FOUND');
    const other = await running();
    const { nextCursor } = await polls.list(id, { limit: 1 });
    await fails(polls.list(other.id, { cursor: nextCursor ?? '' }), 'NOT_FOUND');
    // What can never be right is said before anybody looks where.
    await fails(polls.list(other.id, { cursor: 'x' }), 'VALIDATION');
    await fails(polls.list(id, { limit: 201 }), 'VALIDATION');
  });

  test('is there for whoever was there, when the meeting is over', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const poll = await roomOf(service)(host).create(id, single);
    await cast(service, poll, participants, [1]);
    await service.as({ userId: host }).meetings.end(id);
    const polls = roomOf(service)(participants[0]);
    expect((await polls.list(id)).items).toMatchObject([
      { id: poll.id, isActive: false, closedAt: new Date(start), myVote: { selectedOptions: [1] } },
    ]);
    expect(await polls.results(poll.id)).toMatchObject({ totals: { votes: 1 } } satisfies Partial<
      Record<keyof PollResults, unknown>
    >);
  });
});

test('a pseudonym stays the same for a service opened anew with the same secret', async ({
  service,
  running,
  url,
  clock,
}) => {
  const { id, host } = await running();
  const poll = await roomOf(service)(host).create(id, { ...single, isAnonymous: true, allowChange: false });
  await roomOf(service)(host).vote(poll.id, { selectedOptions: [1] });
  await using again = await openService(url, { clock, secrets });
  expect((await roomOf(again)(host).get(poll.id)).myVote).toMatchObject({ selectedOptions: [1] });
  await fails(roomOf(again)(host).vote(poll.id, { selectedOptions: [1] }), 'ALREADY_VOTED');
});
