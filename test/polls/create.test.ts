import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { PollInput } from '../../src/polls/index.ts';
import { fails, hours, minutes, openService, start, test, unchanged } from '../setup/service.ts';
import { multiple, open, question, rating, roomOf, single, yesNo } from './ballots.ts';

const secret = { ...single, isAnonymous: true } satisfies PollInput;

describe('create', () => {
  test('makes a poll that is open at once, with what was left out filled in', async ({ service, running, events }) => {
    const { id, host } = await running();
    events.length = 0;
    const poll = await roomOf(service)(host).create(id, single);
    expect(poll).toEqual({
      ...{ id: expect.any(String) as string, meetingId: id, creatorId: host, question, pollType: 'SingleChoice' },
      ...{ options: ['red', 'green', 'blue'], allowMultipleChoices: false, isAnonymous: false, isActive: true },
      ...{ createdAt: new Date(start), openedAt: new Date(start), closesAt: null, closedAt: null },
      ...{
        resultsVisibility: 'afterClose',
        allowAbstain: false,
        allowChange: true,
        minChoices: null,
        maxChoices: null,
      },
      ...{ correctOptions: null, quorumPercent: null, myVote: null },
    });
    expect(Object.isFrozen(poll)).toBe(true);
    expect(events).toMatchObject([
      { type: 'poll.created', audience: 'hosts', actorId: host, data: { pollId: poll.id, draft: false } },
      { type: 'poll.opened', audience: 'all', data: { pollId: poll.id, question, options: poll.options } },
    ]);
    expect(await roomOf(service)(host).get(poll.id)).toEqual(poll);
  });

  test.for([
    ['YesNo', yesNo, { options: ['Yes', 'No'], allowMultipleChoices: false }],
    ['Rating', rating, { options: ['1', '2', '3', '4', '5'], allowMultipleChoices: false }],
    ['Rating up to 10', { ...rating, scale: 10 }, { options: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'] }],
    ['OpenEnded', open, { options: [], allowMultipleChoices: false }],
    ['MultipleChoice', { ...multiple, minChoices: 2, maxChoices: 3 }, { allowMultipleChoices: true, minChoices: 2 }],
  ] as const)('stores for %s what its votes are counted by', async ([, input, stored], { service, running }) => {
    const { id, host } = await running();
    expect(await roomOf(service)(host).create(id, input)).toMatchObject(stored);
  });

  test('takes every setting', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const closesAt = new Date(clock.now().getTime() + minutes);
    const settings = {
      ...{ allowAbstain: true, allowChange: false, isAnonymous: true, closesAt, quorumPercent: 60 },
      ...({ resultsVisibility: 'always', minChoices: 1, maxChoices: 2 } as const),
    };
    expect(await roomOf(service)(host).create(id, { ...multiple, ...settings })).toMatchObject(settings);
  });

  test.for<[string, unknown, string]>([
    ['one option', { ...single, options: ['a'] }, 'options'],
    ['51 options', { ...single, options: Array.from({ length: 51 }, String) }, 'options'],
    ['an option of 201 characters', { ...single, options: ['a', 'b'.repeat(201)] }, 'options[1]'],
    ['a blank option', { ...single, options: ['a', ' '] }, 'options[1]'],
    ['an option of two lines', { ...single, options: ['a', 'b\nc'] }, 'options[1]'],
    ['the same option twice', { ...single, options: ['a', 'b', 'a'] }, 'options'],
    ['the same option with a space', { ...single, options: ['a', 'a '] }, 'options'],
    ['the same option composed otherwise', { ...single, options: ['\u00e9', 'e\u0301'] }, 'options'],
    ['options of a YesNo', { ...yesNo, options: ['Ja', 'Nein'] }, 'options'],
    ['options of a rating', { ...rating, options: ['1', '2'] }, 'options'],
    ['options of an open question', { ...open, options: [] }, 'options'],
    ['a scale of 1', { ...rating, scale: 1 }, 'scale'],
    ['a scale of 11', { ...rating, scale: 11 }, 'scale'],
    ['a scale of a choice', { ...single, scale: 5 }, 'scale'],
    ['limits on a single choice', { ...single, maxChoices: 2 }, 'maxChoices'],
    ['no choice at least', { ...multiple, minChoices: 0 }, 'minChoices'],
    ['more choices than options', { ...multiple, maxChoices: 5 }, 'maxChoices'],
    ['more at least than at most', { ...multiple, minChoices: 3, maxChoices: 2 }, 'minChoices'],
    ['more at least than options', { ...multiple, minChoices: 5 }, 'minChoices'],
    ['a right answer that is no option', { ...single, correctOptions: [3] }, 'correctOptions'],
    ['two right answers to a single choice', { ...single, correctOptions: [0, 1] }, 'correctOptions'],
    ['no right answer', { ...single, correctOptions: [] }, 'correctOptions'],
    ['a right answer twice', { ...multiple, correctOptions: [1, 1] }, 'correctOptions'],
    ['more right answers than choices', { ...multiple, maxChoices: 1, correctOptions: [0, 1] }, 'correctOptions'],
    ['right answers to a rating', { ...rating, correctOptions: [4] }, 'correctOptions'],
    ['a third right answer to YesNo', { ...yesNo, correctOptions: [2] }, 'correctOptions'],
    ['a quorum of nobody', { ...single, quorumPercent: 0 }, 'quorumPercent'],
    ['a quorum of more than all', { ...single, quorumPercent: 101 }, 'quorumPercent'],
    ['an unknown visibility', { ...single, resultsVisibility: 'never' }, 'resultsVisibility'],
    ['a closing time without an offset', { ...single, closesAt: '2026-03-02T10:00:00' }, 'closesAt'],
    ['a closing time that is now', { ...single, closesAt: start }, 'closesAt'],
    ['an unknown type', { pollType: 'Ranking', question }, 'pollType'],
    ['no type', { question }, 'pollType'],
    ['a blank question', { ...open, question: ' \n ' }, 'question'],
    ['a question of 1001 characters', { ...open, question: 'x'.repeat(1001) }, 'question'],
    ['a creator', { ...open, creatorId: newId() }, 'creatorId'],
  ])('refuses %s', async ([, input, path], { service, running, url }) => {
    const { id, host } = await running();
    const error = await unchanged(url, () => fails(roomOf(service)(host).create(id, input as PollInput), 'VALIDATION'));
    expect(error.details['fields']).toMatchObject([{ path }]);
  });

  test('takes 50 options of 200 characters', async ({ service, running }) => {
    const { id, host } = await running();
    const options = Array.from({ length: 50 }, (_, index) => `${'🧮'.repeat(198)}${index + 10}`);
    const poll = await roomOf(service)(host).create(id, { ...multiple, options, correctOptions: [49, 0] });
    expect((await roomOf(service)(host).get(poll.id)).options).toEqual(options);
  });

  test('makes only drafts before the start, and nothing after the end', async ({
    service,
    scheduled,
    running,
    url,
  }) => {
    const ahead = await scheduled();
    const over = await running();
    await service.as({ userId: over.host }).meetings.end(over.id);
    await unchanged(url, async () => {
      const early = await fails(roomOf(service)(ahead.host).create(ahead.id, single), 'INVALID_TRANSITION');
      expect(early.details).toMatchObject({ condition: 'draftOnly', status: 'Scheduled' });
      await fails(roomOf(service)(over.host).create(over.id, { ...single, draft: true }), 'INVALID_TRANSITION');
    });
    const draft = { isActive: false, openedAt: null, closedAt: null };
    expect(await roomOf(service)(ahead.host).create(ahead.id, { ...single, draft: true })).toMatchObject(draft);
    await service.as({ userId: ahead.host }).meetings.postpone(ahead.id);
    expect(await roomOf(service)(ahead.host).create(ahead.id, { ...single, draft: true })).toMatchObject(draft);
  });

  test('makes anonymous polls only with a secret', async ({ service, running, url, clock }) => {
    const { id, host } = await running();
    await using bare = await openService(url, { clock });
    const error = await unchanged(url, () => fails(roomOf(bare)(host).create(id, secret), 'NOT_CONFIGURED'));
    expect(error.details).toMatchObject({ condition: 'secretIfAnonymous' });
    // Without it, one that was made with it is readable, and nobody can vote.
    const poll = await roomOf(service)(host).create(id, secret);
    expect(await roomOf(bare)(host).get(poll.id)).toMatchObject({ isAnonymous: true, myVote: null });
    await fails(roomOf(bare)(host).vote(poll.id, { selectedOptions: [0] }), 'NOT_CONFIGURED');
    await fails(roomOf(bare)(host).retract(poll.id), 'NOT_CONFIGURED');
  });

  test('is done once under one key', async ({ service, running, url }) => {
    const { id, host } = await running();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: newId() }).polls;
    const first = await keyed.create(id, single);
    expect(await unchanged(url, () => keyed.create(id, { ...single }))).toEqual(first);
    await fails(keyed.create(id, yesNo), 'IDEMPOTENCY_CONFLICT');
  });

  test('is for hosts and presenters who are members', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [presenter, guest] = participants;
    await service.as({ userId: host }).participants.setRole(id, presenter!, 'Presenter');
    expect(await roomOf(service)(presenter).create(id, yesNo)).toMatchObject({ creatorId: presenter });
    await unchanged(url, async () => {
      await fails(roomOf(service)(guest).create(id, yesNo), 'FORBIDDEN');
      await fails(service.asSystem().polls.create(id, yesNo), 'FORBIDDEN');
      await fails(roomOf(service)(newId()).create(id, yesNo), 'NOT_FOUND');
      await fails(roomOf(service)(host).create(newId(), yesNo), 'NOT_FOUND');
    });
  });
});

describe('a draft', () => {
  test('is known to hosts and its maker alone, and opened by them', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [presenter, other, guest] = participants;
    for (const userId of [presenter!, other!])
      await service.as({ userId: host }).participants.setRole(id, userId, 'Presenter');
    events.length = 0;
    const poll = await roomOf(service)(presenter).create(id, { ...single, draft: true, correctOptions: [1] });
    expect(poll.correctOptions).toEqual([1]);
    expect(events.map(({ type, stream, audience }) => [type, stream.kind, audience])).toEqual([
      ['poll.created', 'meeting', 'hosts'],
      ['poll.created', 'user', { users: [presenter] }],
    ]);
    expect(JSON.stringify(events)).not.toContain('correct');

    const unknown = JSON.stringify(await fails(roomOf(service)(guest).get(newId()), 'NOT_FOUND'));
    for (const act of ['get', 'open', 'close', 'results', 'voters', 'exportCsv', 'retract'] as const)
      for (const userId of [other, guest])
        expect(JSON.stringify(await fails(roomOf(service)(userId)[act](poll.id), 'NOT_FOUND'))).toBe(unknown);
    await fails(roomOf(service)(guest).vote(poll.id, { selectedOptions: [0] }), 'NOT_FOUND');
    expect((await roomOf(service)(guest).list(id)).items).toEqual([]);
    expect((await roomOf(service)(presenter).list(id)).items).toEqual([poll]);
    // Hosts see it, but a host may vote later: the right answers are not for them.
    expect((await roomOf(service)(host).list(id)).items).toEqual([{ ...poll, correctOptions: null }]);
    await fails(roomOf(service)(host).vote(poll.id, { selectedOptions: [0] }), 'POLL_CLOSED');
    await fails(roomOf(service)(host).close(poll.id), 'POLL_CLOSED');

    events.length = 0;
    const opened = await roomOf(service)(presenter).open(poll.id);
    expect(opened).toMatchObject({ isActive: true, openedAt: new Date(start), correctOptions: null });
    expect(events).toMatchObject([{ type: 'poll.opened', audience: 'all', actorId: presenter }]);
    expect(JSON.stringify(events)).not.toContain('correct');
    expect((await roomOf(service)(guest).list(id)).items).toEqual([opened]);
    await fails(roomOf(service)(presenter).open(poll.id), 'CONFLICT');
    await fails(roomOf(service)(other).open(poll.id), 'FORBIDDEN');
    await fails(roomOf(service)(guest).open(poll.id), 'FORBIDDEN');
  });

  test('waits for the start, then for its hour', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled();
    const polls = roomOf(service)(host);
    const closesAt = new Date(clock.now().getTime() + 2 * hours);
    const poll = await polls.create(id, { ...yesNo, draft: true, closesAt });
    await fails(polls.open(poll.id), 'INVALID_TRANSITION');
    await fails(polls.results(poll.id), 'INVALID_TRANSITION');
    clock.advance(hours);
    await service.as({ userId: host }).meetings.start(id);
    clock.advance(hours);
    const error = await unchanged(url, () => fails(polls.open(poll.id), 'CONFLICT'));
    expect(error.details).toMatchObject({ closesAt });
    clock.advance(-1);
    expect(await polls.open(poll.id)).toMatchObject({ isActive: true, openedAt: clock.now(), closesAt });
  });

  test('stays a draft when the meeting is over or called off', async ({ service, running, scheduled }) => {
    const over = await running();
    const off = await scheduled();
    for (const { id, host } of [over, off]) await roomOf(service)(host).create(id, { ...yesNo, draft: true });
    await service.as({ userId: over.host }).meetings.end(over.id);
    await service.as({ userId: off.host }).meetings.cancel(off.id);
    for (const { id, host } of [over, off])
      expect((await roomOf(service)(host).list(id)).items).toMatchObject([
        { isActive: false, openedAt: null, closedAt: null },
      ]);
  });
});
