import { randomUUID } from 'node:crypto';
import type { MikroORM, SqlEntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';
import { expect, vi } from 'vitest';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import { Booking, openHost } from '../embedding/host.ts';
import { fails, quickHasher } from '../setup/service.ts';
import { type Room, test as base } from './room.ts';

const test = base.extend<{ host: MikroORM }>({
  host: [
    async ({ url }, use) => {
      const host = await openHost(url);
      await use(host);
      await host.close(true);
    },
    { scope: 'file' },
  ],
});

/** What was announced of a chat, and what the log says of it, in one shape. */
const announced = (events: readonly AnyEvent[]) =>
  events
    .filter(({ type }) => type.startsWith('chat.'))
    .map(({ seq, type, data, redacted = false }) => ({ seq, type, data, redacted }))
    .toSorted((one, other) => one.seq - other.seq);
const logged = `select seq::int, type, data, redacted from convoke.meeting_events
  where stream_id = $1 and type like 'chat.%' order by seq`;

const types = (events: readonly { type: string }[]) =>
  events.map(({ type }) => type).filter((type) => type.startsWith('chat.'));

test('a chat in the host’s MikroORM transaction is committed and announced with it', async ({
  service,
  host,
  room,
  events,
}) => {
  const { id, ada, ids } = await room();
  const bookingId = randomUUID();
  const deleted = await host.em.fork().transactional(async (em) => {
    const { chat } = service.as({ userId: ids.bob }, { em });
    const message = await chat.send(id, { content: 'Helo', clientMessageId: 'a' });
    expect(await chat.send(id, { content: 'Helo', clientMessageId: 'a' })).toEqual(message);
    const edited = await chat.edit(message.id, { content: 'Hello' });
    const aside = await chat.send(id, { content: 'psst', recipientId: ids.ada, replyToMessageId: message.id });
    expect((await chat.history(id)).items).toEqual([aside, edited]);
    expect((await chat.search(id, { text: 'hello' })).items).toMatchObject([{ id: message.id }]);
    expect(await chat.markRead(id, aside.id)).toMatchObject({ messageId: aside.id, unreadCount: 0 });
    expect(await chat.unread(id)).toMatchObject({ lastReadMessageId: aside.id });
    em.create(Booking, { id: bookingId, room: 'A' });
    expect((await ada.history(id)).items).toEqual([]);
    expect(types(events)).toEqual([]);
    return chat.delete(aside.id);
  });
  expect((await ada.history(id)).items).toMatchObject([deleted, { content: 'Hello' }]);
  expect(types(events)).toEqual([
    ...['chat.message.sent', 'chat.message.edited', 'chat.message.sent', 'chat.message.deleted'],
  ]);
});

test('words that are taken back before the host commits are announced to nobody', async ({
  service,
  host,
  room,
  events,
  sql,
}) => {
  const { id, ids } = await room();
  await host.em.fork().transactional(async (em) => {
    const { chat } = service.as({ userId: ids.bob }, { em });
    const deleted = await chat.send(id, { content: 'my password', clientMessageId: 'a' });
    const edited = await chat.send(id, { content: 'helo', recipientId: ids.ada });
    await chat.send(id, { content: 'kept' });
    await chat.delete(deleted.id);
    await chat.edit(edited.id, { content: 'hullo' });
    await chat.edit(edited.id, { content: 'hello' });
  });
  expect(announced(events)).toEqual(await sql(logged, [id]));
  expect(announced(events)).toMatchObject([
    { type: 'chat.message.sent', data: {}, redacted: true },
    { type: 'chat.message.sent', data: {}, redacted: true },
    { type: 'chat.message.sent', data: { content: 'kept' }, redacted: false },
    { type: 'chat.message.deleted', data: { content: null }, redacted: false },
    { type: 'chat.message.edited', data: {}, redacted: true },
    { type: 'chat.message.edited', data: { content: 'hello' }, redacted: false },
  ]);
  expect(JSON.stringify(events)).not.toMatch(/password|helo|hullo/);
});

test.for([
  ['stands', null],
  ['is undone', new Error('only this part')],
] as const)(
  'what is taken back under a savepoint of the host’s is announced as the log has it, where the savepoint %s',
  async ([, fault], { service, host, room, events, sql }) => {
    const { id, ids } = await room();
    const chatOf = (em: SqlEntityManager) => service.as({ userId: ids.bob }, { em }).chat;
    await host.em.fork().transactional(async (outer) => {
      const message = await chatOf(outer).send(id, { content: 'in doubt' });
      const inner = outer.transactional(async (em) => {
        await chatOf(em).delete(message.id);
        if (fault !== null) throw fault;
      });
      await Promise.allSettled([inner]);
    });
    await vi.waitFor(async () => expect((await service.health()).pendingEvents).toBe(0), {
      timeout: 10_000,
      interval: 20,
    });
    expect(announced(events)).toEqual(await sql(logged, [id]));
    expect(announced(events)).toHaveLength(fault === null ? 2 : 1);
  },
);

test('over a plain client too, though somebody else takes them back before anybody looked', async ({
  service,
  room,
  events,
  sql,
  url,
}) => {
  const { id, ids, bob } = await room();
  const client = new pg.Client(url);
  await client.connect();
  await client.query('begin');
  const { chat } = service.as({ userId: ids.bob }, { client });
  const own = await chat.send(id, { content: 'my password' });
  await chat.delete(own.id);
  const late = await chat.send(id, { content: 'my secret' });
  await client.query('commit');
  await bob.delete(late.id);
  service.committed(client);
  await vi.waitFor(() => expect(types(events)).toHaveLength(4), { timeout: 10_000, interval: 20 });
  await client.end();
  expect(announced(events)).toEqual(await sql(logged, [id]));
  expect(JSON.stringify(events)).not.toMatch(/password|secret/);
});

test('rolled back with the host’s, a message was never there and no number is burnt', async ({
  service,
  host,
  room,
  events,
}) => {
  const { id, ada, bob, ids } = await room();
  const failing = host.em.fork().transactional(async (em) => {
    await service.as({ userId: ids.bob }, { em }).chat.send(id, { content: 'never', clientMessageId: 'a' });
    throw new Error('the host changed its mind');
  });
  await expect(failing).rejects.toThrow('the host changed its mind');
  expect((await ada.history(id)).items).toEqual([]);
  events.length = 0;
  const before = await ada.send(id, { content: 'first' });
  const after = await bob.send(id, { content: 'now', clientMessageId: 'a' });
  expect(events.map(({ seq }) => seq)).toEqual([events[0]!.seq, events[0]!.seq + 1]);
  expect((await ada.history(id)).items).toEqual([after, before]);
});

test('a refusal leaves the host’s transaction usable', async ({ service, host, room }) => {
  const { id, ada, ids } = await room();
  await host.em.fork().transactional(async (em) => {
    const { chat } = service.as({ userId: ids.bob }, { em });
    await fails(chat.send(id, { content: 'x', recipientId: randomUUID() }), 'NOT_FOUND');
    await fails(chat.edit(randomUUID(), { content: 'x' }), 'NOT_FOUND');
    await fails(chat.history(id, { before: randomUUID() }), 'NOT_FOUND');
    await fails(chat.markRead(id, randomUUID()), 'NOT_FOUND');
    await chat.send(id, { content: 'kept' });
  });
  expect((await ada.history(id)).items).toMatchObject([{ content: 'kept' }]);
});

test('over a plain client the chat is the same, whatever its parsers make of times', async ({
  service,
  room,
  events,
  url,
}) => {
  const { id, ids } = await room();
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`set timezone to 'Asia/Kolkata'`);
  await client.query('begin');
  const { chat } = service.as({ userId: ids.bob }, { client });
  const message = await chat.send(id, { content: 'Hello', recipientId: ids.ada });
  const named = await chat.send(id, {
    content: 'Hi',
    clientMessageId: 'a',
    replyToMessageId: message.id,
    recipientId: ids.ada,
  });
  expect(
    await chat.send(id, { content: 'Hi', clientMessageId: 'a', replyToMessageId: message.id, recipientId: ids.ada }),
  ).toEqual(named);
  const edited = await chat.edit(named.id, { content: 'Hey' });
  expect((await chat.history(id)).items).toEqual([edited, message]);
  expect((await chat.search(id, { text: 'hey' })).items).toMatchObject([{ id: named.id }]);
  expect(await chat.markRead(id, named.id)).toMatchObject({ messageId: named.id });
  await client.query('commit');
  service.committed(client);
  await vi.waitFor(() => expect(types(events)).toHaveLength(3), { timeout: 10_000, interval: 20 });
  await client.end();
  const { chat: own } = service.as({ userId: ids.bob });
  expect((await own.history(id)).items).toEqual([edited, message]);
  const told = events.filter(({ type }) => type === 'chat.message.edited');
  expect(told).toMatchObject([
    { data: { sentAt: named.sentAt.toISOString(), editedAt: edited.editedAt?.toISOString() } },
  ]);
});

test('on PGlite, in the same process', { timeout: 60_000 }, async () => {
  await using service = await MeetingService.open({ database: { pglite: 'memory://' }, passwordHasher: quickHasher });
  const ids: Room['ids'] = { ada: randomUUID(), bob: randomUUID(), eve: randomUUID() };
  const as = (userId: string) => service.as({ userId });
  const { id } = await as(ids.ada).meetings.schedule({
    ...({ title: 'On one connection', meetingType: 'Review' } as const),
    ...{ scheduledStartTime: new Date(Date.now() + 60_000), scheduledEndTime: new Date(Date.now() + 3_660_000) },
  });
  await as(ids.ada).invitations.invite(id, { inviteeIds: [ids.bob, ids.eve] });
  await as(ids.ada).meetings.start(id);
  for (const userId of Object.values(ids)) await as(userId).participants.join(id);
  const { chat } = as(ids.bob);
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, n) => chat.send(id, { content: `tree ${n}`, clientMessageId: `${n % 10}` })).map(
      (call) => call.catch(() => null),
    ),
  );
  expect(new Set(sent.map((message) => message?.id)).size).toBe(11);
  const [last] = (await chat.history(id, { limit: 1 })).items;
  const aside = await as(ids.eve).chat.send(id, { content: 'psst', recipientId: ids.bob, replyToMessageId: last!.id });
  expect(await chat.markRead(id, last!.id)).toMatchObject({ unreadCount: 1 });
  await chat.edit(last!.id, { content: 'a graph' });
  await chat.delete(sent[0]!.id);
  expect((await chat.search(id, { text: 'tree' })).items).toHaveLength(8);
  expect((await chat.history(id, { around: last!.id, limit: 3 })).items).toHaveLength(3);
  expect((await chat.history(id, { with: ids.eve })).items).toEqual([aside]);
  expect((await as(ids.ada).chat.history(id)).items).toHaveLength(10);
  await service.asSystem().chat.sendSystem(id, { content: 'Time is up.' });
  await as(ids.ada).meetings.end(id);
  expect((await service.checkIntegrity()).violations).toEqual([]);
});
