/** `service.subscribe`: a stream as an async iterable. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import type { LiveItem, LiveStream, SubscribeOptions } from '../../src/realtime/index.ts';
import { openHost } from '../embedding/host.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService, test as base } from '../setup/service.ts';
import { expectDense, soon } from './nodes.ts';

const test = base.extend<{ host: MikroORM }>({
  host: async ({ url }, use) => {
    const host = await openHost(url);
    await use(host);
    await host.close(true);
  },
});

async function take(stream: LiveStream<AnyEvent>, count: number): Promise<LiveItem<AnyEvent>[]> {
  const items: LiveItem<AnyEvent>[] = [];
  while (items.length < count) {
    const { value } = await stream.next();
    if (value === undefined) break;
    items.push(value);
  }
  return items;
}

const typesOf = (items: readonly LiveItem<AnyEvent>[]) => items.map(({ event, reset }) => event?.type ?? reset);

test('what happens comes out of a loop, and leaving the loop ends it', async ({ service, running }) => {
  const { id, host } = await running();
  const stream = service.subscribe({ actor: { userId: host }, meetingId: id });
  await stream.ready();
  await service.as({ userId: host }).chat.send(id, { content: 'hello' });
  for await (const { event } of stream) {
    // The name of an event tells the type of its data.
    const content = event?.type === 'chat.message.sent' ? event.data.content : null;
    expect([event?.stream, content]).toEqual([{ kind: 'meeting', id }, 'hello']);
    break;
  }
  expect((await service.health()).realtime).toMatchObject({ streams: 0, subscriptions: 0 });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('without a meeting it is the person’s own stream', async ({ service, scheduled }) => {
  const { id, host } = await scheduled();
  const bob = newId();
  await using stream = service.subscribe({ actor: { userId: bob } });
  await stream.ready();
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [bob] });
  const [item] = await take(stream, 1);
  expect(item?.event).toMatchObject({ type: 'invitation.sent', data: { meetingId: id } });
});

test('state that is read after ready misses nothing that the stream does not tell', async ({ service, running }) => {
  const { id, host } = await running();
  await service.as({ userId: host }).chat.send(id, { content: 'before' });
  await using stream = service.subscribe({ actor: { userId: host }, meetingId: id });
  const cursor = await stream.ready();
  await service.as({ userId: host }).chat.send(id, { content: 'after' });
  const [item] = await take(stream, 1);
  expect(item?.cursor).toBe(cursor.replace(/\d+$/, (seq) => `${Number(seq) + 1}`));
});

test('a cursor is gone on from, past hidden events too', async ({ service, running }) => {
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const open = (after?: string) =>
    service.subscribe({ actor: { userId: eve }, meetingId: id, ...(after === undefined ? {} : { after }) });
  const first = open();
  await first.ready();
  const chat = service.as({ userId: host }).chat;
  for (let round = 0; round < 3; round++) {
    await chat.send(id, { content: `${round}` });
    await chat.send(id, { content: 'psst', recipientId: bob });
  }
  const [one] = await take(first, 1);
  await first.return();
  await using second = open(one?.cursor);
  const rest = await take(second, 2);
  expect(rest.map(({ event }) => event?.data)).toMatchObject([{ content: '1' }, { content: '2' }]);
});

test('who reads slowly holds nothing in memory and gets everything', async ({ service, running, url }) => {
  const { id, host } = await running();
  await using impatient = await openService(url, { realtime: { maxLagMs: 1, maxLagEvents: 1, headCheckMs: 10 } });
  await using stream = impatient.subscribe({ actor: { userId: host }, meetingId: id });
  await stream.ready();
  const chat = service.as({ userId: host }).chat;
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 40 }, () => chat.send(id, { content: 'word' })));
  await sleep(50); // a connection would have been closed several times over
  const items = await take(stream, 400);
  const seqs = items.map(({ event }) => event?.seq ?? 0);
  expectDense(seqs, seqs[0]! - 1);
});

test('a cursor of no use gives the word to begin anew, and the stream goes on', async ({ service, running }) => {
  const { id, host } = await running();
  const after = `${newId()}:3`;
  await using stream = service.subscribe({ actor: { userId: host }, meetingId: id, after });
  const cursor = await stream.ready();
  await service.as({ userId: host }).chat.send(id, { content: 'on' });
  const items = await take(stream, 2);
  expect(items[0]).toEqual({ event: null, reset: 'epoch', cursor });
  expect(items[1]).toMatchObject({ event: { data: { content: 'on' } }, reset: null });
});

test('strangers are refused when they read; wrong options at once', async ({ service, running }) => {
  const { id } = await running();
  const actor = { userId: newId() };
  const stream = service.subscribe({ actor, meetingId: id });
  await fails(stream.next(), 'NOT_FOUND');
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  const wrong: unknown[] = [
    { meetingId: id },
    { actor: { userId: 'ada' }, meetingId: id },
    { actor, meetingId: 'x' },
    { actor, after: 'yesterday' },
    { actor, signal: {} },
    { actor, before: 'x' },
  ];
  for (const options of wrong)
    expect(() => service.subscribe(options as SubscribeOptions)).toThrow(
      expect.objectContaining({ code: 'VALIDATION' }),
    );
});

test('who is removed reads that, then the refusal', async ({ service, running }) => {
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const stream = service.subscribe({ actor: { userId: bob }, meetingId: id });
  await stream.ready();
  await service.as({ userId: host }).participants.remove(id, bob);
  expect(typesOf(await take(stream, 1))).toEqual(['participant.removed']);
  await fails(stream.next(), 'NOT_FOUND');
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('a signal ends the iteration, waiting or not yet begun', async ({ service, running }) => {
  const { id, host } = await running();
  const leaving = new AbortController();
  const stream = service.subscribe({ actor: { userId: host }, meetingId: id, signal: leaving.signal });
  await stream.ready();
  const waiting = stream.next();
  leaving.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect((await service.health()).realtime.subscriptions).toBe(0);
  const never = service.subscribe({ actor: { userId: host }, meetingId: id, signal: leaving.signal });
  expect(await never.next()).toEqual({ done: true, value: undefined });
  await fails(never.ready(), 'ABORTED');
});

test('closing the service ends what is followed, and refuses what is not', async ({ running, url, clock }) => {
  const { id, host } = await running();
  const service = await openService(url, { clock });
  const stream = service.subscribe({ actor: { userId: host }, meetingId: id });
  await stream.ready();
  const waiting = stream.next();
  await service.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(() => service.subscribe({ actor: { userId: host } })).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE' }),
  );
});

test('a host’s transaction is told when it commits, and not at all when it does not', async ({
  service,
  running,
  host: app,
}) => {
  const { id, host: userId } = await running();
  await using stream = service.subscribe({ actor: { userId }, meetingId: id });
  const cursor = await stream.ready();
  const said = (content: string, em: MikroORM['em']) => service.as({ userId }, { em }).chat.send(id, { content });
  const failing = app.em.fork().transactional(async (em) => {
    await said('rolled back', em);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  const outer = app.em.fork().transactional(async (em) => {
    await em.transactional((inner) => said('inner commits, outer does not', inner));
    throw new Error('no');
  });
  await expect(outer).rejects.toThrow('no');
  await app.em.fork().transactional(async (em) => {
    await said('kept', em);
    const inner = em.transactional(async (nested) => {
      await said('savepoint rolled back', nested);
      throw new Error('no');
    });
    await expect(inner).rejects.toThrow('no');
  });
  await service.as({ userId }).chat.send(id, { content: 'after' });
  const items = await take(stream, 2);
  expect(items.map(({ event }) => event?.data)).toMatchObject([{ content: 'kept' }, { content: 'after' }]);
  const from = Number(cursor.split(':')[1]);
  expect(items.map(({ event }) => event?.seq)).toEqual([from + 1, from + 2]); // no number was burnt
});

test('two services share one backplane, and hear each other without a look at the log', async ({ running, url }) => {
  const { id, host } = await running();
  const { memoryBackplane } = await import('../../src/backplanes/index.ts');
  const options = { backplane: memoryBackplane(), realtime: { headCheckMs: 60_000 } };
  await using one = await openService(url, options);
  await using other = await openService(url, options);
  await using stream = one.subscribe({ actor: { userId: host }, meetingId: id });
  await stream.ready();
  await other.as({ userId: host }).chat.send(id, { content: 'over there' });
  expect((await take(stream, 1))[0]?.event).toMatchObject({ data: { content: 'over there' } });
});

test('what another process committed without a word is found in the log', async ({ service, running, url }) => {
  const { id, host } = await running();
  await using other = await openService(url, { realtime: { headCheckMs: soon } });
  await using stream = other.subscribe({ actor: { userId: host }, meetingId: id });
  await stream.ready();
  await service.as({ userId: host }).chat.send(id, { content: 'quietly' });
  expect((await take(stream, 1))[0]?.event).toMatchObject({ data: { content: 'quietly' } });
  expect(await execute(url, `select 1 from convoke.meetings where id = '${id}'`)).toHaveLength(1);
});
