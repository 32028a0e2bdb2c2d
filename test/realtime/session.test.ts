/** What a connection may say, and what becomes of one that says too much, too little, or nothing that can be read. */
import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { bareSessions, Line, test } from './line.ts';
import { eventually } from './nodes.ts';

const user = newId();
const stream = { kind: 'meeting', id: newId() } as const;

function bareLine(settings?: Parameters<typeof bareSessions>[0], expiresAt?: Date) {
  const { sessions, logger } = bareSessions(settings);
  const line = new Line().open(sessions, { userId: user, ...(expiresAt && { expiresAt }) });
  return { line, sessions, logger };
}

test('what cannot be read is said to be so, and after a few times ends the connection', () => {
  const { line } = bareLine();
  line.say('', '{', '[]', '{"kind":"shout"}');
  expect(line.of('failed')).toEqual(
    Array.from({ length: 4 }, () => expect.objectContaining({ id: null, code: 'VALIDATION' })),
  );
  expect(line.closes).toEqual([]);
  line.say('x'.repeat(70_000), '{');
  expect(line.closes).toEqual([expect.objectContaining({ code: 3501 })]);
});

test('whoever floods is cut off, and nobody else', () => {
  const { line, sessions } = bareLine();
  const other = new Line().open(sessions, { userId: user });
  for (let said = 0; said < 600; said++) line.say({ kind: 'pong' });
  expect(line.closes).toEqual([]);
  for (let said = 0; said < 100; said++) line.say({ kind: 'pong' });
  expect(line.closes).toEqual([expect.objectContaining({ code: 3013 })]);
  other.say({ kind: 'pong' });
  expect(other.closes).toEqual([]);
});

test('connections of one name flood together', () => {
  const { sessions } = bareSessions();
  class Named extends Line {
    override readonly id: Line['id'] = '0198c0de-0000-4000-8000-0000000000ee';
  }
  const lines = Array.from({ length: 7 }, () => new Named().open(sessions, { userId: user }));
  for (const line of lines) for (let said = 0; said < 99; said++) line.say({ kind: 'pong' });
  expect(lines.map(({ closes }) => closes.length)).toEqual([0, 0, 0, 0, 0, 0, 1]);
  // The name is a person's own: nobody can make somebody else flood.
  const other = new Named().open(sessions, { userId: newId() });
  other.say({ kind: 'pong' });
  expect(other.closes).toEqual([]);
});

test('somebody who is there is pinged, and stays as long as they say anything', async () => {
  const { line, sessions } = bareLine({ pingMs: 20, answerMs: 2_000 });
  await eventually(() => expect(line.of('ping').length).toBeGreaterThan(3));
  expect(line.closes).toEqual([]);
  await sessions.close(0);
});

test('somebody who says nothing is taken for gone', async () => {
  const { line, sessions } = bareLine({ pingMs: 20, answerMs: 20 });
  const talking = new Line().open(sessions, { userId: user });
  const chatter = setInterval(() => talking.say({ kind: 'pong' }), 5);
  await eventually(() => expect(line.closes).toEqual([expect.objectContaining({ code: 3012 })]));
  expect(talking.closes).toEqual([]);
  clearInterval(chatter);
  await sessions.close(0);
});

test('somebody who does not read is given up', async () => {
  const { line, sessions } = bareLine({ pingMs: 20, answerMs: 60_000 });
  line.bufferedBytes = 2_000;
  await eventually(() => expect(line.closes).toEqual([expect.objectContaining({ code: 3008 })]));
  await sessions.close(0);
});

test('credentials that are over end the connection, at once or in time', async () => {
  const late = bareLine(undefined, new Date(Date.now() - 1));
  expect(late.line.closes).toEqual([expect.objectContaining({ code: 3005 })]);
  expect(bareLine(undefined, new Date(Number.NaN)).line.closes).toHaveLength(1);
  const soon = bareLine({ pingMs: 20, answerMs: 60_000 }, new Date(Date.now() + 60));
  expect(soon.line.closes).toEqual([]);
  await eventually(() => expect(soon.line.closes).toEqual([expect.objectContaining({ code: 3005 })]));
  await soon.sessions.close(0);
});

test('new credentials of the same person keep the connection', async () => {
  const { line, sessions } = bareLine({ pingMs: 20, answerMs: 60_000 }, new Date(Date.now() + 150));
  line.authenticate = vi.fn<NonNullable<Line['authenticate']>>(async () => ({
    userId: user.toUpperCase(),
    expiresAt: new Date(Date.now() + 60_000),
  }));
  line.say({ kind: 'authenticate', token: 'newer' });
  expect(line.authenticate).toHaveBeenCalledWith('newer');
  const pings = line.of('ping').length;
  await eventually(() => expect(line.of('ping').length).toBeGreaterThan(pings + 10));
  expect(line.closes).toEqual([]);
  await sessions.close(0);
});

test.each([
  ['of somebody else', { userId: newId() }],
  ['of nobody', null],
])('new credentials %s end it', async (_, identity) => {
  const { line } = bareLine();
  line.authenticate = async () => identity;
  line.say({ kind: 'authenticate', token: 'stolen' });
  await eventually(() => expect(line.closes).toEqual([expect.objectContaining({ code: 3500 })]));
});

test('new credentials that cannot be looked at change nothing', async () => {
  const { line } = bareLine();
  line.say({ kind: 'authenticate', token: 'new' });
  await eventually(() => expect(line.of('failed')).toEqual([expect.objectContaining({ code: 'NOT_CONFIGURED' })]));
  line.authenticate = () => Promise.reject(new Error('the directory is away'));
  line.say({ kind: 'authenticate', token: 'new' });
  await eventually(() => expect(line.of('failed')[1]).toMatchObject({ id: null, code: 'INTERNAL' }));
  expect(line.closes).toEqual([]);
});

test('a host that names nobody is told, and so is the client', () => {
  const { sessions, logger } = bareSessions();
  for (const userId of ['nobody', '00000000-0000-7000-8000-000000000001']) {
    const line = new Line().open(sessions, { userId });
    expect(line.closes).toEqual([expect.objectContaining({ code: 3500 })]);
    line.say('{');
    expect(line.frames).toEqual([]);
  }
  expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
});

test('a connection follows a hundred streams at most', async ({ exchange, running }) => {
  const { connect } = await exchange();
  const { id, host } = await running();
  const line = connect(host);
  // What cannot be followed is not counted.
  for (let other = 0; other < 100; other++) line.say({ kind: 'subscribe', stream: { kind: 'meeting', id: newId() } });
  await eventually(() => expect(line.of('unsubscribed')).toHaveLength(100));
  expect(line.of('unsubscribed').every(({ code }) => code === 'NOT_FOUND')).toBe(true);
  for (let other = 0; other < 101; other++) line.say({ kind: 'subscribe', stream: { kind: 'meeting', id: newId() } });
  await eventually(() => expect(line.of('unsubscribed')).toHaveLength(201));
  expect(line.of('unsubscribed').filter(({ code }) => code === 'CONFLICT')).toHaveLength(1);
  line.say({ kind: 'subscribe', stream: { kind: 'meeting', id } });
  await eventually(() => expect(line.of('subscribed')).toHaveLength(1));
});

test('a stream that is subscribed to anew begins anew, and one that is left is silent', async ({
  exchange,
  running,
}) => {
  const { connect, service } = await exchange();
  const { id, host } = await running();
  const meeting = { kind: 'meeting', id } as const;
  const [line, other] = [connect(host), connect(host)];
  other.say({ kind: 'subscribe', stream: meeting });
  line.say({ kind: 'subscribe', stream: meeting }, { kind: 'subscribe', stream: meeting });
  await eventually(() => expect(line.of('subscribed').length).toBeGreaterThan(0));
  const { chat } = service.as({ userId: host });
  await chat.send(id, { content: 'once' });
  await eventually(() => expect(other.of('events')).toHaveLength(1));
  await eventually(() => expect(line.of('events')).toHaveLength(1));
  line.say({ kind: 'unsubscribe', stream: meeting });
  await chat.send(id, { content: 'unheard' });
  await eventually(() => expect(other.of('events')).toHaveLength(2));
  expect(line.of('events')).toHaveLength(1);
  expect(await service.health()).toMatchObject({ realtime: { subscriptions: 1 } });
});

test('a stream that is left before it has begun never begins', async ({ exchange, running }) => {
  const { connect, service } = await exchange();
  const { id, host } = await running();
  const meeting = { kind: 'meeting', id } as const;
  const [line, gone] = [connect(host), connect(host)];
  line.say({ kind: 'subscribe', stream: meeting }, { kind: 'unsubscribe', stream: meeting });
  gone.say({ kind: 'subscribe', stream: meeting });
  gone.hangUp();
  const last = connect(host);
  last.say({ kind: 'subscribe', stream: meeting });
  await eventually(() => expect(last.of('subscribed')).toHaveLength(1));
  await eventually(async () => expect((await service.health()).realtime.subscriptions).toBe(1));
  expect([...line.frames, ...gone.frames]).toEqual([]);
});

test('a signal that is refused is answered, unless nobody reads', async ({ exchange, running }) => {
  const { connect } = await exchange();
  const { host } = await running();
  const line = connect(host);
  line.say({ kind: 'signal', stream, type: 'typing', data: null });
  expect(line.of('failed')).toEqual([expect.objectContaining({ id: null, code: 'NOT_FOUND' })]);
  line.bufferedBytes = 10_000_000;
  line.say({ kind: 'signal', stream, type: 'typing', data: null });
  expect(line.of('failed')).toHaveLength(1);
});
