import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { PollInput, VoteInput } from '../../src/polls/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, start, test, unchanged } from '../setup/service.ts';
import { watchedClient } from '../setup/watched-client.ts';
import { multiple, open, rating, roomOf, single, yesNo } from './ballots.ts';

const abstain = { selectedOptions: [] } satisfies VoteInput;
const votesIn = (url: string, pollId: string) =>
  execute<{ respondent_id: string; selected_options: number[]; response_text: string | null }>(
    url,
    `select respondent_id, selected_options, response_text from convoke.meeting_poll_responses where poll_id = '${pollId}'`,
  );

describe('a vote', () => {
  test.for<[string, PollInput, VoteInput, object]>([
    ['one option', single, { selectedOptions: [2] }, { selectedOptions: [2], rating: null, responseText: null }],
    ['several, in any order', multiple, { selectedOptions: [3, 0, 2] }, { selectedOptions: [0, 2, 3] }],
    ['yes', yesNo, { selectedOptions: [0] }, { selectedOptions: [0] }],
    ['a rating, by its index', rating, { rating: 5 }, { selectedOptions: [4], rating: 5, responseText: null }],
    ['the highest rating', { ...rating, scale: 10 }, { rating: 10 }, { selectedOptions: [9], rating: 10 }],
    ['words', open, { responseText: ' Really?\n ' }, { selectedOptions: [], responseText: ' Really?\n ' }],
    ['as few as asked for', { ...multiple, minChoices: 2 }, { selectedOptions: [0, 1] }, {}],
    ['as many as asked for', { ...multiple, maxChoices: 2 }, { selectedOptions: [0, 1] }, {}],
    ['none, of a choice', { ...single, allowAbstain: true }, abstain, { selectedOptions: [], rating: null }],
    ['none, of at least two', { ...multiple, allowAbstain: true, minChoices: 2 }, abstain, { selectedOptions: [] }],
    ['none, of a rating', { ...rating, allowAbstain: true }, abstain, { selectedOptions: [], rating: null }],
    ['no words', { ...open, allowAbstain: true }, abstain, { selectedOptions: [], responseText: null }],
  ])('can be %s', async ([, input, vote, seen], { service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [voter] = participants;
    const poll = await roomOf(service)(host).create(id, input);
    const stored = await roomOf(service)(voter).vote(poll.id, vote);
    expect(stored).toMatchObject({ pollId: poll.id, respondedAt: new Date(start), ...seen });
    expect((await roomOf(service)(voter).get(poll.id)).myVote).toEqual(stored);
    expect((await roomOf(service)(host).get(poll.id)).myVote).toBeNull();
    expect(await votesIn(url, poll.id)).toEqual([
      { respondent_id: voter, selected_options: stored.selectedOptions, response_text: stored.responseText },
    ]);
  });

  const millions = Array.from({ length: 2_000_000 }, () => 0);
  test.for<[string, unknown, string]>([
    ['a negative index', { selectedOptions: [-1] }, 'selectedOptions[0]'],
    ['an index that no poll has', { selectedOptions: [99] }, 'selectedOptions[0]'],
    ['an option twice', { selectedOptions: [0, 0] }, 'selectedOptions'],
    ['an index as text', { selectedOptions: ['0'] }, 'selectedOptions[0]'],
    ['half an index', { selectedOptions: [1.5] }, 'selectedOptions[0]'],
    ['null for an index', { selectedOptions: [null] }, 'selectedOptions[0]'],
    ['an index that is no number', { selectedOptions: [Number.NaN] }, 'selectedOptions[0]'],
    ['null for all', { selectedOptions: null }, 'selectedOptions'],
    ['an object for a list', { selectedOptions: { 0: 1, length: 1 } }, 'selectedOptions'],
    ['nothing', {}, ''],
    ['two at once', { selectedOptions: [0], responseText: 'x' }, ''],
    ['a list for the vote', [0], ''],
    ['no vote', undefined, ''],
    ['a rating of 0', { rating: 0 }, 'rating'],
    ['a rating of 11', { rating: 11 }, 'rating'],
    ['a rating between', { rating: 3.5 }, 'rating'],
    ['empty text', { responseText: '' }, 'responseText'],
    ['blank text', { responseText: ' \u200b\n' }, 'responseText'],
    ['text with NUL', { responseText: 'a\0b' }, 'responseText'],
    ['text of 2001 characters', { responseText: 'x'.repeat(2001) }, 'responseText'],
    ['somebody else’s name', { selectedOptions: [0], respondentId: newId() }, 'respondentId'],
    ['two million indices', { selectedOptions: millions }, 'selectedOptions'],
  ])('that is %s is refused before any statement', async ([, vote, path], { service, running, url }) => {
    const { id, host } = await running();
    const poll = await roomOf(service)(host).create(id, single);
    await using client = await watchedClient(url);
    const { polls } = service.as({ userId: host }, { client });
    const error = await fails(polls.vote(poll.id, vote as VoteInput), 'VALIDATION');
    expect(error.details['fields']).toMatchObject([{ path }]);
    expect(client.texts).toEqual([]);
    await polls.vote(poll.id, { selectedOptions: [0] });
    expect(client.texts).not.toEqual([]);
  });

  test('of millions is refused for its length, whatever its items are', async ({ service, running }) => {
    const { id, host } = await running();
    const poll = await roomOf(service)(host).create(id, multiple);
    let read = 0;
    const endless = new Proxy<number[]>(
      Array.from({ length: 2_000_000 }, () => 0),
      { get: (list, key, self) => (/^\d+$/.test(String(key)) && read++, Reflect.get(list, key, self) as unknown) },
    );
    await fails(roomOf(service)(host).vote(poll.id, { selectedOptions: endless }), 'VALIDATION');
    expect(read).toBe(0);
  });

  test.for<[string, PollInput, VoteInput, string]>([
    ['an option that is not there', single, { selectedOptions: [3] }, 'selectedOptions'],
    ['a third option of YesNo', yesNo, { selectedOptions: [2] }, 'selectedOptions'],
    ['two options of a single choice', single, { selectedOptions: [0, 1] }, 'selectedOptions'],
    ['too few', { ...multiple, minChoices: 2 }, { selectedOptions: [1] }, 'selectedOptions'],
    ['too many', { ...multiple, maxChoices: 2 }, { selectedOptions: [0, 1, 2] }, 'selectedOptions'],
    ['none, where nobody abstains', single, abstain, 'selectedOptions'],
    ['no words, where nobody abstains', open, abstain, 'selectedOptions'],
    ['text on a choice', multiple, { responseText: 'a' }, 'selectedOptions'],
    ['a rating on a choice', single, { rating: 1 }, 'selectedOptions'],
    ['an index on a rating', rating, { selectedOptions: [4] }, 'rating'],
    ['text on a rating', rating, { responseText: '5' }, 'rating'],
    ['a rating above the scale', rating, { rating: 6 }, 'rating'],
    ['an index on an open question', open, { selectedOptions: [0] }, 'responseText'],
    ['a rating on an open question', open, { rating: 1 }, 'responseText'],
  ])(
    'that is %s is refused, and only to those who may vote',
    async ([, input, vote, path], { service, running, url }) => {
      const { id, host, participants } = await running({ participants: 3 });
      const [voter, watcher, absent] = participants;
      await service.as({ userId: host }).participants.setRole(id, watcher!, 'Observer');
      await service.as({ userId: absent! }).participants.leave(id);
      const poll = await roomOf(service)(host).create(id, input);
      const closed = await roomOf(service)(host).create(id, input);
      await roomOf(service)(host).close(closed.id);
      await unchanged(url, async () => {
        const error = await fails(roomOf(service)(voter).vote(poll.id, vote), 'VALIDATION');
        expect(error.details['fields']).toMatchObject([{ path }]);
        await fails(roomOf(service)(newId()).vote(poll.id, vote), 'NOT_FOUND');
        await fails(roomOf(service)(watcher).vote(poll.id, vote), 'FORBIDDEN');
        await fails(roomOf(service)(absent).vote(poll.id, vote), 'FORBIDDEN');
        await fails(roomOf(service)(voter).vote(closed.id, vote), 'POLL_CLOSED');
      });
    },
  );

  test('is told to nobody but its voter', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [voter] = participants;
    const poll = await roomOf(service)(host).create(id, open);
    events.length = 0;
    await roomOf(service)(voter).vote(poll.id, { responseText: 'between us' });
    await roomOf(service)(voter).retract(poll.id);
    const about = { stream: { kind: 'user', id: voter }, audience: { users: [voter] }, actorId: voter };
    expect(events).toMatchObject([
      { type: 'poll.vote-received', ...about, data: { meetingId: id, pollId: poll.id, selectedOptions: [] } },
      { type: 'poll.vote-retracted', ...about, data: { meetingId: id, pollId: poll.id } },
    ]);
    expect(JSON.stringify(events)).not.toContain('between us');
  });

  test('may change while the poll is open: the last one counts', async ({ service, running, clock, url }) => {
    const { id, host } = await running();
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, single);
    await polls.vote(poll.id, { selectedOptions: [0] });
    clock.advance(minutes);
    const last = await polls.vote(poll.id, { selectedOptions: [1] });
    expect(last.respondedAt).toEqual(clock.now());
    expect((await polls.get(poll.id)).myVote).toEqual(last);
    expect(await votesIn(url, poll.id)).toMatchObject([{ selected_options: [1] }]);
  });

  test('stays as it is where the poll says so, and cannot be taken back', async ({ service, running, url, events }) => {
    const { id, host } = await running();
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, { ...single, allowChange: false });
    await polls.vote(poll.id, { selectedOptions: [0] });
    events.length = 0;
    await unchanged(url, async () => {
      const error = await fails(polls.vote(poll.id, { selectedOptions: [1] }), 'ALREADY_VOTED');
      expect(error.details).toMatchObject({ operation: 'poll.vote', condition: 'mayChangeVote' });
      await fails(polls.vote(poll.id, { selectedOptions: [0] }), 'ALREADY_VOTED');
      await fails(polls.vote(poll.id, { rating: 3 }), 'ALREADY_VOTED');
      await fails(polls.retract(poll.id), 'ALREADY_VOTED');
    });
    expect(events).toEqual([]);
  });

  test('is for people who are there, in a running meeting', async ({ service, running, scheduled, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [removed, absent] = participants;
    const poll = await roomOf(service)(host).create(id, single);
    await service.as({ userId: host }).participants.remove(id, removed!);
    await service.as({ userId: absent! }).participants.leave(id);
    const ahead = await scheduled();
    const draft = await roomOf(service)(ahead.host).create(ahead.id, { ...single, draft: true });
    await unchanged(url, async () => {
      for (const act of [
        (userId: string, pollId: string) => roomOf(service)(userId).vote(pollId, { selectedOptions: [0] }),
        (userId: string, pollId: string) => roomOf(service)(userId).retract(pollId),
      ]) {
        const away = await fails(act(absent!, poll.id), 'FORBIDDEN');
        expect(away.details).toMatchObject({ condition: 'present' });
        const nowhere = JSON.stringify(await fails(act(host, newId()), 'NOT_FOUND'));
        expect(JSON.stringify(await fails(act(removed!, poll.id), 'NOT_FOUND'))).toBe(nowhere);
        expect(JSON.stringify(await fails(act(newId(), poll.id), 'NOT_FOUND'))).toBe(nowhere);
        await fails(act(ahead.host, draft.id), 'INVALID_TRANSITION');
      }
      await fails(service.asSystem().polls.vote(poll.id, { selectedOptions: [0] }), 'FORBIDDEN');
      await fails(service.asSystem().polls.retract(poll.id), 'FORBIDDEN');
    });
  });

  test('counts for nothing from the closing time on, whether or not anything has noticed', async ({
    service,
    running,
    clock,
    url,
  }) => {
    const { id, host } = await running();
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, { ...single, closesAt: new Date(clock.now().getTime() + minutes) });
    clock.advance(minutes - 1);
    await polls.vote(poll.id, { selectedOptions: [0] });
    clock.advance(1);
    await unchanged(url, async () => {
      await fails(polls.vote(poll.id, { selectedOptions: [1] }), 'POLL_CLOSED');
      await fails(polls.retract(poll.id), 'POLL_CLOSED');
    });
  });

  test('is never older than the poll, though the clock is set back', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const polls = roomOf(service)(host);
    clock.advance(10 * minutes);
    const poll = await polls.create(id, single);
    clock.advance(-5 * minutes);
    expect(await polls.vote(poll.id, { selectedOptions: [0] })).toMatchObject({ respondedAt: poll.openedAt });
    expect((await polls.close(poll.id)).closedAt).toEqual(poll.openedAt);
  });

  test('under a key is one vote, whatever happens between', async ({ service, running, url }) => {
    const { id, host } = await running();
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, single);
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'vote' }).polls;
    const first = await keyed.vote(poll.id, { selectedOptions: [0] });
    await polls.vote(poll.id, { selectedOptions: [1] });
    await unchanged(url, async () => expect(await keyed.vote(poll.id, { selectedOptions: [0] })).toEqual(first));
    await fails(keyed.vote(poll.id, { selectedOptions: [2] }), 'IDEMPOTENCY_CONFLICT');
    expect(await votesIn(url, poll.id)).toMatchObject([{ selected_options: [1] }]);
    await keyed.retract(poll.id);
    await polls.vote(poll.id, { selectedOptions: [1] });
    await keyed.retract(poll.id);
    expect(await votesIn(url, poll.id)).toHaveLength(1);
  });

  test('refused under a key leaves the key free', async ({ service, running }) => {
    const { id, host } = await running();
    const poll = await roomOf(service)(host).create(id, single);
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'again' }).polls;
    await fails(keyed.vote(poll.id, { selectedOptions: [9] }), 'VALIDATION');
    await fails(keyed.vote(newId(), { selectedOptions: [0] }), 'NOT_FOUND');
    expect(await keyed.vote(poll.id, { selectedOptions: [0] })).toMatchObject({ selectedOptions: [0] });
  });
});

describe('withdrawing', () => {
  test('takes the vote out of the count', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const poll = await roomOf(service)(host).create(id, single);
    for (const userId of [host, participants[0]!])
      await roomOf(service)(userId).vote(poll.id, { selectedOptions: [0] });
    await roomOf(service)(host).retract(poll.id);
    expect(await votesIn(url, poll.id)).toMatchObject([{ respondent_id: participants[0] }]);
    expect((await roomOf(service)(host).get(poll.id)).myVote).toBeNull();
    await roomOf(service)(host).vote(poll.id, { selectedOptions: [1] });
    expect((await roomOf(service)(host).results(poll.id)).totals).toMatchObject({ votes: 2 });
  });

  test('what is not there changes nothing and says nothing', async ({ service, running, url, events }) => {
    const { id, host } = await running();
    const poll = await roomOf(service)(host).create(id, { ...single, allowChange: false });
    events.length = 0;
    await unchanged(url, () => roomOf(service)(host).retract(poll.id));
    expect(events).toEqual([]);
  });
});
