import type { MikroORM } from '@mikro-orm/postgresql';
import { Client } from 'pg';
import { describe, expect, inject, vi } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import type { Rooms } from '../../src/rooms.ts';
import { openHost } from '../embedding/host.ts';
import { databaseUrl, execute } from '../setup/postgres.ts';
import { fails, openService, quickHasher, secrets, test as base } from '../setup/service.ts';
import { multiple, open, rating, roomOf, single, yesNo } from './ballots.ts';

const test = base.extend<{ host: MikroORM }>({
  host: [
    async ({ url }, use) => {
      const orm = await openHost(url);
      await use(orm);
      await orm.close(true);
    },
    { scope: 'file' },
  ],
});

const choose = (option: number) => ({ selectedOptions: [option] });

const codeOf = (error: unknown) => isMeetingError(error) && error.code;

/** A poll's life, from the draft to the table. */
async function lifeOf(rooms: Rooms, meetingId: string, isAnonymous: boolean) {
  const { polls } = rooms;
  const draft = await polls.create(meetingId, { ...single, isAnonymous, draft: true, quorumPercent: 10 });
  await polls.open(draft.id);
  await polls.vote(draft.id, choose(0));
  await polls.vote(draft.id, choose(1));
  await polls.retract(draft.id);
  await polls.vote(draft.id, choose(2));
  await fails(polls.vote(draft.id, choose(3)), 'VALIDATION');
  expect((await polls.get(draft.id)).myVote).toMatchObject(choose(2));
  const closed = await polls.close(draft.id);
  expect(closed).toMatchObject({ isActive: false, totals: isAnonymous ? null : { votes: 1 } });
  await fails(polls.vote(draft.id, choose(0)), 'POLL_CLOSED');
  expect(await polls.results(draft.id)).toEqual(closed);
  expect((await polls.list(meetingId)).items.at(-1)).toMatchObject({ id: draft.id, isActive: false });
  expect(await polls.exportCsv(draft.id)).toMatch(isAnonymous ? /^option,votes/ : /^userId,respondedAt/);
  const named = isAnonymous ? 'FORBIDDEN' : 1;
  expect(await polls.voters(draft.id).then(({ items }) => items.length, codeOf)).toBe(named);
  return draft.id;
}

const lifeEvents = (isAnonymous: boolean) => [
  ...['poll.created', 'poll.opened'],
  ...(isAnonymous ? [] : ['poll.vote-received', 'poll.vote-received', 'poll.vote-retracted', 'poll.vote-received']),
  'poll.closed',
];

describe.each([false, true])('in a host’s transaction (anonymous: %s)', (isAnonymous) => {
  test('of its ORM, a poll lives and is announced with the commit', async ({ service, running, host, events }) => {
    const { id, host: userId } = await running();
    events.length = 0;
    const pollId = await host.em.fork().transactional(async (em) => {
      const made = await lifeOf(service.as({ userId }, { em }), id, isAnonymous);
      expect(events).toEqual([]);
      return made;
    });
    expect(events.map(({ type }) => type)).toEqual(lifeEvents(isAnonymous));
    expect(await roomOf(service)(userId).get(pollId)).toMatchObject({ isActive: false, myVote: choose(2) });
  });

  test('of a plain client, a poll lives, and goes with the rollback', async ({ service, running, url, events }) => {
    const { id, host: userId } = await running();
    events.length = 0;
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    const pollId = await lifeOf(service.as({ userId }, { client }), id, isAnonymous);
    await client.query('rollback');
    await fails(roomOf(service)(userId).get(pollId), 'NOT_FOUND');
    await client.query('begin');
    const kept = await lifeOf(service.as({ userId }, { client }), id, isAnonymous);
    await client.query('commit');
    service.committed(client);
    await client.end();
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(lifeEvents(isAnonymous)));
    expect(await roomOf(service)(userId).get(kept)).toMatchObject({ isActive: false });
  });
});

test('on PGlite polls live as elsewhere', { timeout: 60_000 }, async () => {
  await using service = await MeetingService.open({
    database: { pglite: 'memory://' },
    passwordHasher: quickHasher,
    secrets,
  });
  const events: AnyEvent[] = [];
  service.on('*', (event) => void events.push(event));
  const cast = Array.from({ length: 4 }, newId);
  const [host = ''] = cast;
  const rooms = service.as({ userId: host });
  const { id } = await rooms.meetings.schedule({
    ...{ title: 'On one connection', meetingType: 'Workshop', settings: { openJoin: true } },
    ...{ scheduledStartTime: new Date(Date.now() + 60_000), scheduledEndTime: new Date(Date.now() + 3_660_000) },
  });
  await rooms.meetings.start(id);
  for (const userId of cast) await service.as({ userId }).participants.join(id);
  for (const isAnonymous of [false, true]) await lifeOf(rooms, id, isAnonymous);

  const votes = [
    [multiple, { selectedOptions: [3, 1] }],
    [yesNo, choose(0)],
    [rating, { rating: 4 }],
    [open, { responseText: 'Why not?' }],
  ] as const;
  for (const [input, vote] of votes) {
    const poll = await rooms.polls.create(id, { ...input, isAnonymous: true, resultsVisibility: 'always' });
    await Promise.all(cast.map((userId) => roomOf(service)(userId).vote(poll.id, vote)));
    const keyed = service.as({ userId: host }).with({ idempotencyKey: poll.id }).polls;
    expect(await keyed.vote(poll.id, vote)).toEqual(await keyed.vote(poll.id, vote));
    expect((await service.worker.runOnce('polls.tally')).done).toEqual({ 'polls.tally': 1 });
    expect(await roomOf(service)(cast[1]).results(poll.id)).toMatchObject({ totals: { votes: 4 } });
  }
  await rooms.meetings.end(id);
  expect((await rooms.polls.list(id)).items.map(({ isActive }) => isActive)).not.toContain(true);
  expect(events.filter(({ type }) => type === 'poll.closed')).toHaveLength(6);
  expect((await service.worker.runOnce()).failed).toEqual([]);
  expect((await service.checkIntegrity()).violations).toEqual([]);
});

test('in a database of another encoding, which composes letters in one way only', async () => {
  const { adminUrl } = inject('pg');
  const name = `convoke_latin_${process.pid}`;
  await execute(adminUrl, `create database ${name} encoding 'LATIN1' locale 'C' template template0`);
  const service = await openService(databaseUrl(adminUrl, name));
  const rooms = service.as({ userId: newId() });
  const { id } = await rooms.meetings.schedule({
    ...{ title: 'Café', meetingType: 'Workshop', scheduledStartTime: new Date(Date.now() + 60_000) },
    scheduledEndTime: new Date(Date.now() + 3_660_000),
  });
  await rooms.meetings.start(id);
  await rooms.participants.join(id);
  const poll = await rooms.polls.create(id, open);
  await rooms.polls.vote(poll.id, { responseText: 'Café' });
  expect((await rooms.polls.results(poll.id)).answers).toEqual([{ text: 'Café', votes: 1 }]);
  await service.close();
  await execute(adminUrl, `drop database ${name}`);
});
