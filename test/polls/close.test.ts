import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, start, test, unchanged } from '../setup/service.ts';
import { cast, roomOf, single, yesNo } from './ballots.ts';

interface Stored {
  readonly is_active: boolean;
  readonly closed_at: Date | null;
  readonly entitled_voters: number | null;
  readonly totals: object | null;
}

async function stored(url: string, pollId: string): Promise<Stored | undefined> {
  const columns = 'is_active, closed_at, entitled_voters, totals';
  const [row] = await execute<Stored>(url, `select ${columns} from convoke.meeting_polls where id = '${pollId}'`);
  return row;
}

describe('close', () => {
  test('ends the voting and fixes the result', async ({ service, running, events, clock, url }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, { ...single, allowAbstain: true });
    await cast(service, poll, participants, [0, 2]);
    await polls.vote(poll.id, { selectedOptions: [] });
    clock.advance(minutes);
    events.length = 0;
    const closed = await polls.close(poll.id);
    expect(closed).toEqual({
      ...{ pollId: poll.id, meetingId: id, question: poll.question, pollType: 'SingleChoice', isAnonymous: false },
      ...{ isActive: false, closedAt: clock.now(), answers: null, distinctAnswers: null, correctOptions: null },
      totals: {
        ...{ votes: 3, abstained: 1, mean: null, median: null, correct: null },
        options: [
          { option: 'red', votes: 1, share: 0.5 },
          { option: 'green', votes: 0, share: 0 },
          { option: 'blue', votes: 1, share: 0.5 },
        ],
      },
      ...{ entitledVoters: 4, quorumPercent: null, quorumReached: null },
    });
    expect(events).toMatchObject([
      {
        ...{ type: 'poll.closed', audience: 'all', actorId: host },
        data: { pollId: poll.id, totals: { votes: 3, abstained: 1, counts: [1, 0, 1] }, quorumReached: null },
      },
    ]);
    expect(await stored(url, poll.id)).toMatchObject({ is_active: false, closed_at: clock.now(), entitled_voters: 4 });
    expect(await polls.results(poll.id)).toEqual(closed);
    await unchanged(url, async () => {
      await fails(polls.vote(poll.id, { selectedOptions: [0] }), 'POLL_CLOSED');
      await fails(polls.retract(poll.id), 'POLL_CLOSED');
      await fails(polls.close(poll.id), 'POLL_CLOSED');
      await fails(polls.open(poll.id), 'CONFLICT');
    });
    // Whatever becomes of the rows, the result was fixed.
    await execute(url, `delete from convoke.meeting_poll_responses where poll_id = '${poll.id}'`);
    expect(await polls.results(poll.id)).toEqual(closed);
  });

  test('is for hosts, for its maker, and for the system', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [presenter, other, guest] = participants;
    for (const userId of [presenter!, other!])
      await service.as({ userId: host }).participants.setRole(id, userId, 'Presenter');
    const [one, two] = [
      await roomOf(service)(presenter).create(id, single),
      await roomOf(service)(presenter).create(id, single),
    ];
    await unchanged(url, async () => {
      await fails(roomOf(service)(other).close(one.id), 'FORBIDDEN');
      await fails(roomOf(service)(guest).close(one.id), 'FORBIDDEN');
      await fails(roomOf(service)(newId()).close(one.id), 'NOT_FOUND');
    });
    expect(await roomOf(service)(presenter).close(one.id)).toMatchObject({ isActive: false });
    expect(await service.asSystem().polls.close(two.id)).toMatchObject({ isActive: false });
  });

  test('under a key gives its first answer again', async ({ service, running, url }) => {
    const { id, host } = await running();
    const poll = await roomOf(service)(host).create(id, { ...single, correctOptions: [1], quorumPercent: 50 });
    await roomOf(service)(host).vote(poll.id, { selectedOptions: [1] });
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'close' }).polls;
    const first = await keyed.close(poll.id);
    expect(first.totals?.correct).toBe(1);
    await unchanged(url, async () => expect(await keyed.close(poll.id)).toEqual(first));
  });
});

describe('those who could have voted', () => {
  test('are the people with a voice who were there while the poll was open', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 6 });
    const [leaver, watcher, early, late, voter, removed] = participants as [string, ...string[]] & string[];
    const rooms = service.as({ userId: host });
    await rooms.participants.setRole(id, watcher!, 'Observer');
    await service.as({ userId: early! }).participants.leave(id);
    await service.as({ userId: late! }).participants.leave(id);
    clock.advance(minutes);
    const poll = await rooms.polls.create(id, single);
    clock.advance(minutes);
    await cast(service, poll, [voter!], [0]);
    await service.as({ userId: leaver }).participants.leave(id);
    await rooms.participants.remove(id, removed!);
    clock.advance(minutes);
    await rooms.participants.setRole(id, voter!, 'Observer');
    const { entitledVoters } = await rooms.polls.close(poll.id);
    // Host, leaver, the removed one, and the voter, who has no voice any more but has used it.
    expect(entitledVoters).toBe(4);
    clock.advance(minutes);
    await service.as({ userId: late! }).participants.join(id);
    expect((await rooms.polls.results(poll.id)).entitledVoters).toBe(4);
  });

  test('were enough, or not', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 3 });
    for (const [quorumPercent, quorumReached] of [
      [50, true],
      [51, false],
    ] as const) {
      const poll = await roomOf(service)(host).create(id, { ...single, quorumPercent, allowAbstain: true });
      await cast(service, poll, participants, [0]);
      expect((await roomOf(service)(host).results(poll.id)).quorumReached).toBeNull();
      await roomOf(service)(participants[1]).vote(poll.id, { selectedOptions: [] });
      expect(await roomOf(service)(host).close(poll.id)).toMatchObject({ entitledVoters: 4, quorumReached });
    }
  });

  test('of an anonymous poll are at least as many as have voted', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const poll = await roomOf(service)(host).create(id, { ...single, isAnonymous: true });
    await cast(service, poll, [...participants, host], [0, 1, 2, 0]);
    for (const userId of participants) await service.as({ userId: host }).participants.setRole(id, userId, 'Observer');
    expect((await roomOf(service)(host).close(poll.id)).entitledVoters).toBe(4);
  });

  test.for([0, -5])(
    'are all who stay to the end, of a poll that was opened %s minutes before it by the clock',
    async (back, { service, running, clock }) => {
      const { id, host, participants } = await running({ participants: 3 });
      const [voter, , leaver] = participants;
      clock.advance(5 * minutes);
      await service.as({ userId: leaver! }).participants.leave(id);
      clock.advance(5 * minutes);
      const poll = await roomOf(service)(host).create(id, { ...single, quorumPercent: 50 });
      await cast(service, poll, [voter!], [0]);
      clock.advance(back * minutes);
      await service.as({ userId: host }).meetings.end(id);
      expect(await roomOf(service)(host).results(poll.id)).toMatchObject({ entitledVoters: 3, quorumReached: false });
    },
  );
});

describe('a poll whose time is over', () => {
  const job = 'polls.close';

  test('reads as closed at that time, before anything has closed it', async ({ service, running, clock, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const closesAt = new Date(clock.now().getTime() + minutes);
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, { ...single, closesAt, correctOptions: [1], quorumPercent: 50 });
    await cast(service, poll, participants, [1]);
    clock.advance(hours);
    await unchanged(url, async () => {
      const seen = { isActive: false, closedAt: closesAt, correctOptions: [1] };
      expect(await roomOf(service)(participants[0]).get(poll.id)).toMatchObject(seen);
      expect((await polls.list(id)).items).toMatchObject([seen]);
      const result = { ...seen, entitledVoters: 2, quorumReached: true };
      expect(await roomOf(service)(participants[0]).results(poll.id)).toMatchObject(result);
      expect((await polls.voters(poll.id)).items).toMatchObject([{ isCorrect: true }]);
    });
    expect(await stored(url, poll.id)).toMatchObject({ is_active: true, closed_at: null });
    await polls.close(poll.id);
  });

  test.for(['sweep', 'close', 'end'] as const)(
    'is settled at that time by %s',
    async (by, { service, running, clock, url, events }) => {
      const { id, host, participants } = await running({ participants: 2 });
      const closesAt = new Date(clock.now().getTime() + minutes);
      const poll = await roomOf(service)(host).create(id, { ...single, closesAt });
      await cast(service, poll, participants, [1]);
      clock.advance(hours);
      const seen = await roomOf(service)(host).results(poll.id);
      events.length = 0;
      const settle = {
        sweep: () => service.worker.runOnce(job),
        close: () => roomOf(service)(host).close(poll.id),
        end: () => service.as({ userId: host }).meetings.end(id),
      };
      expect(await settle[by]()).toMatchObject(
        { sweep: { done: { [job]: 1 } }, close: seen, end: { status: 'Completed' } }[by],
      );
      expect(await stored(url, poll.id)).toMatchObject({ is_active: false, closed_at: closesAt, entitled_voters: 3 });
      expect(await roomOf(service)(host).results(poll.id)).toEqual(seen);
      expect(events.filter(({ type }) => type === 'poll.closed')).toMatchObject([
        {
          ...{ actorId: by === 'sweep' ? null : host, audience: 'all' },
          data: { pollId: poll.id, closedAt: closesAt.toISOString(), totals: { votes: 1 } },
        },
      ]);
      expect((await service.worker.runOnce(job)).done).toEqual({ [job]: 0 });
      await fails(roomOf(service)(host).close(poll.id), by === 'end' ? 'INVALID_TRANSITION' : 'POLL_CLOSED');
    },
  );

  test('is left alone before it', async ({ service, running, clock, url }) => {
    const { id, host } = await running();
    await roomOf(service)(host).create(id, { ...single, closesAt: new Date(clock.now().getTime() + minutes) });
    clock.advance(minutes - 1);
    await unchanged(url, async () => expect((await service.worker.runOnce(job)).done).toEqual({ [job]: 0 }));
  });

  test('closed by hand before it keeps the earlier time', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const closesAt = new Date(clock.now().getTime() + minutes);
    const poll = await roomOf(service)(host).create(id, { ...single, closesAt });
    await roomOf(service)(host).close(poll.id);
    clock.advance(hours);
    expect(await roomOf(service)(host).get(poll.id)).toMatchObject({ closesAt, closedAt: new Date(start) });
  });
});

describe('the end of the meeting', () => {
  test('closes what is open, with its result, and says so first', async ({ service, running, events, clock, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const polls = roomOf(service)(host);
    const [one, two] = [await polls.create(id, single), await polls.create(id, { ...yesNo, isAnonymous: true })];
    await cast(service, one, participants, [0, 0]);
    await cast(service, two, [...participants, host], [0, 1, 1]);
    clock.advance(minutes);
    events.length = 0;
    await service.as({ userId: host }).meetings.end(id);
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('poll.'))).toEqual(['poll.closed', 'poll.closed']);
    expect(types.lastIndexOf('poll.closed')).toBeLessThan(types.indexOf('meeting.ended'));
    for (const [poll, votes] of [
      [one, 2],
      [two, 3],
    ] as const) {
      expect(await stored(url, poll.id)).toMatchObject({
        is_active: false,
        closed_at: clock.now(),
        entitled_voters: 3,
      });
      expect(await polls.results(poll.id)).toMatchObject({ closedAt: clock.now(), totals: { votes } });
      await fails(polls.vote(poll.id, { selectedOptions: [0] }), 'INVALID_TRANSITION');
    }
    expect((await service.as({ userId: host }).engagement.participant(id, participants[0]!)).pollsParticipated).toBe(1);
  });

  test('that never began closes polls that others have written', async ({ service, scheduled, url, clock, events }) => {
    const { id, host } = await scheduled();
    const pollId = newId();
    await execute(
      url,
      `insert into convoke.meeting_polls (id, meeting_id, creator_id, question, poll_type, options, created_at, opened_at)
       values ('${pollId}', '${id}', '${host}', 'Lunch?', 'YesNo', '["Yes","No"]', '${start}', '${start}')`,
    );
    clock.advance(minutes);
    events.length = 0;
    await service.as({ userId: host }).meetings.cancel(id);
    expect(await stored(url, pollId)).toMatchObject({ is_active: false, closed_at: clock.now(), entitled_voters: 0 });
    expect(events.map(({ type }) => type)).toEqual(['poll.closed', 'meeting.cancelled']);
  });
});
