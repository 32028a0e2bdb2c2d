import { expect, test } from 'vitest';
import { ConvokeError } from '../../src/client/index.ts';
import { meetingId, WebSocketStage } from './stage.ts';
import { clientOf } from './visitor.ts';

test('a command is answered with its result and its place in the stream', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const sent = client.command('chat.send', meetingId, { content: 'Hello' });
  const peer = await stage.peer();
  const { id, ...command } = await peer.hears('command');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(command).toEqual({ kind: 'command', operation: 'chat.send', input: [meetingId, { content: 'Hello' }] });
  peer.send({ kind: 'done', id, result: { id: 'm1', content: 'Hello' }, seq: 12 });
  await expect(sent).resolves.toEqual({ result: { id: 'm1', content: 'Hello' }, seq: 12 });
});

test('a refused command rejects with what the server says', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const sent = client.command('participants.raiseHand', meetingId);
  const peer = await stage.peer();
  const { id } = await peer.hears('command');
  const [code, message, details] = ['RATE_LIMITED', 'Too many.', { retryAfterSeconds: 2 }] as const;
  peer.send({ kind: 'failed', id, code, message, details });
  const error = await sent.then(null, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConvokeError);
  expect(error).toMatchObject({ name: 'ConvokeError', code, message, details, retryable: true });
});

test('a command whose answer was lost is sent again under its id until it is answered', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const sent = ['one', 'two'].map((content) => client.command('chat.send', meetingId, { content }));
  const first = await stage.peer();
  const two = await first.hears('command', 1);
  const [one] = first.of('command');
  first.send({ kind: 'done', id: one!.id, result: 1, seq: 1 });
  await expect(sent[0]).resolves.toEqual({ result: 1, seq: 1 });
  first.cut();
  const second = await stage.peer(1);
  expect(await second.hears('command')).toEqual(two);
  second.cut();
  const third = await stage.peer(2);
  expect(await third.hears('command')).toEqual(two);
  third.send({ kind: 'done', id: two.id, result: 2, seq: 2 }, { kind: 'done', id: two.id, result: 3, seq: 3 });
  await expect(sent[1]).resolves.toEqual({ result: 2, seq: 2 });
  third.cut();
  const fourth = await stage.peer(3);
  const last = client.command('participants.lowerHand', meetingId);
  const { operation, id } = await fourth.hears('command');
  expect(operation).toBe('participants.lowerHand');
  fourth.send({ kind: 'done', id, result: undefined, seq: null });
  await expect(last).resolves.toEqual({ result: null, seq: null });
  expect(fourth.of('command')).toHaveLength(1);
});

test('a command can have an id of its own, and can be called off', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const abort = new AbortController();
  const id = '0198c0de-0000-4000-8000-00000000c0de';
  const sent = client.with({ id, signal: abort.signal }).command('chat.send', meetingId, { content: 'x' });
  const first = await stage.peer();
  expect((await first.hears('command')).id).toBe(id);
  await expect(client.with({ id }).command('meetings.get', meetingId)).rejects.toMatchObject({ code: 'CONFLICT' });
  abort.abort();
  await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(client.with({ signal: abort.signal }).command('meetings.get', meetingId)).rejects.toMatchObject({
    code: 'ABORTED',
  });
  first.cut();
  const second = await stage.peer(1);
  second.send({ kind: 'ping' });
  await second.hears('pong');
  expect(second.of('command')).toEqual([]);
});

test('a command that no server would read is never sent', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const content = 'ä'.repeat(33_000);
  await expect(client.command('chat.send', meetingId, { content })).rejects.toMatchObject({ code: 'VALIDATION' });
  const peer = await stage.peer();
  peer.send({ kind: 'ping' });
  await peer.hears('pong');
  expect(peer.of('command')).toEqual([]);
});
