import { describe, expect } from 'vitest';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { execute } from '../setup/postgres.ts';
import { openService, secrets, test, unchanged } from '../setup/service.ts';
import { cast, open, roomOf, single } from './ballots.ts';

const job = 'polls.tally';
const second = 1_000;

const about = (events: readonly AnyEvent[], pollId: string) =>
  events.flatMap((event) =>
    event.type === 'poll.tallied' && event.data.pollId === pollId ? [{ audience: event.audience, ...event.data }] : [],
  );

describe('announcing tallies', () => {
  test('tells once what has come in, at most once a second', async ({ service, running, clock, events, url }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const poll = await roomOf(service)(host).create(id, { ...single, allowAbstain: true });
    await service.worker.runOnce(job);
    expect(about(events, poll.id)).toEqual([]);
    await cast(service, poll, participants, [0, 1]);
    await service.worker.runOnce(job);
    const told = { audience: 'hosts', pollId: poll.id };
    expect(about(events, poll.id)).toEqual([{ ...told, votes: 2, abstained: 0, counts: [1, 1, 0] }]);

    clock.advance(second - 1);
    await cast(service, poll, participants.slice(2), [2]);
    await unchanged(url, () => service.worker.runOnce(job));
    clock.advance(1);
    await roomOf(service)(participants[3]).vote(poll.id, { selectedOptions: [] });
    await service.worker.runOnce(job);
    expect(about(events, poll.id).slice(1)).toEqual([{ ...told, votes: 4, abstained: 1, counts: [1, 1, 1] }]);

    clock.advance(second);
    await unchanged(url, () => service.worker.runOnce(job));
    // The same number of votes, but not the same votes.
    await cast(service, poll, participants, [2]);
    await service.worker.runOnce(job);
    clock.advance(second);
    for (const userId of participants) await roomOf(service)(userId).retract(poll.id);
    await service.worker.runOnce(job);
    expect(about(events, poll.id).slice(2)).toEqual([
      { ...told, votes: 4, abstained: 1, counts: [0, 1, 2] },
      { ...told, votes: 0, abstained: 0, counts: [0, 0, 0] },
    ]);

    await cast(service, poll, participants, [0]);
    await roomOf(service)(host).close(poll.id);
    clock.advance(second);
    await unchanged(url, () => service.worker.runOnce(job));
  });

  test('tells everybody where everybody may see', async ({ service, running, events }) => {
    const { id, host } = await running();
    const shown = await roomOf(service)(host).create(id, { ...single, resultsVisibility: 'always' });
    const words = await roomOf(service)(host).create(id, open);
    await roomOf(service)(host).vote(shown.id, { selectedOptions: [0] });
    await roomOf(service)(host).vote(words.id, { responseText: 'for hosts alone' });
    await service.worker.runOnce(job);
    expect(about(events, shown.id)).toMatchObject([{ audience: 'all', votes: 1 }]);
    expect(about(events, words.id)).toEqual([
      { audience: 'hosts', pollId: words.id, votes: 1, abstained: 0, counts: [] },
    ]);
    expect(JSON.stringify(events)).not.toContain('for hosts alone');
  });

  test('tells of anonymous polls in steps of three', async ({ service, running, clock, events }) => {
    const { id, host, participants } = await running({ participants: 7 });
    const poll = await roomOf(service)(host).create(id, { ...single, isAnonymous: true });
    for (const userId of participants) {
      await roomOf(service)(userId).vote(poll.id, { selectedOptions: [0] });
      await service.worker.runOnce(job);
      clock.advance(second);
    }
    // Nobody has voted, but somebody has changed their mind.
    await roomOf(service)(participants[0]).vote(poll.id, { selectedOptions: [1] });
    await service.worker.runOnce(job);
    expect(about(events, poll.id).map(({ votes }) => votes)).toEqual([3, 6]);
    for (const userId of participants.slice(2)) await roomOf(service)(userId).retract(poll.id);
    clock.advance(second);
    await service.worker.runOnce(job);
    expect(about(events, poll.id).map(({ votes }) => votes)).toEqual([3, 6]);
  });

  test('tells once, however many processes sweep', async ({ service, running, clock, events, url }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const poll = await roomOf(service)(host).create(id, single);
    await cast(service, poll, participants, [0, 1, 2]);
    await using other = await openService(url, { clock, secrets });
    const both: AnyEvent[] = [];
    other.on('poll.tallied', (event) => void both.push(event));
    await Promise.all([service, other, service, other].map((one) => one.worker.runOnce(job)));
    expect(about([...events, ...both], poll.id)).toHaveLength(1);
  });

  test('leaves the result of a poll that others have closed by hand to the votes', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const poll = await roomOf(service)(host).create(id, single);
    await cast(service, poll, participants, [0]);
    await service.worker.runOnce(job);
    await cast(service, poll, participants.slice(1), [1, 1]);
    await execute(
      url,
      `update convoke.meeting_polls set is_active = false, closed_at = '2026-03-02T09:00:00Z' where id = '${poll.id}'`,
    );
    expect(await roomOf(service)(host).results(poll.id)).toMatchObject({ totals: { votes: 3 }, entitledVoters: 4 });
  });
});
