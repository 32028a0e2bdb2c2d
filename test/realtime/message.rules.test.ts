import { expect, test } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import { mostMessageBytes, readMessage } from '../../src/realtime/message.rules.ts';

const id = newId();
const stream = { kind: 'meeting', id };
const read = (message: unknown) => readMessage(JSON.stringify(message));

test.each([
  { kind: 'subscribe', stream },
  { kind: 'unsubscribe', stream },
  { kind: 'command', id, operation: 'chat.send', input: [id, { content: 'hello' }] },
  { kind: 'signal', stream, type: 'typing', data: null },
  { kind: 'state', stream, type: 'idle', data: { since: 1 } },
  { kind: 'authenticate', token: 'secret' },
  { kind: 'pong' },
])('$kind can be read', (message) => {
  expect(read(message)).toEqual(message);
});

test('a cursor is read; one that was never given leads nowhere', () => {
  expect(read({ kind: 'subscribe', stream, after: `${id}:12` })).toMatchObject({ after: { epoch: id, seq: 12 } });
  expect(read({ kind: 'subscribe', stream, after: 'elsewhere:12' })).toMatchObject({ after: { epoch: 'foreign' } });
});

test.each([
  ['', 'must be JSON'],
  ['[]', 'must be an object'],
  ['null', 'must be an object'],
  ['{"kind":"shout"}', 'must'],
  [JSON.stringify({ kind: 'pong', more: 1 }), 'is not a known field'],
  [JSON.stringify({ kind: 'subscribe', stream: { kind: 'room', id } }), 'must be one of meeting, user'],
  [JSON.stringify({ kind: 'subscribe', stream: { kind: 'meeting', id: 'x' } }), 'must be a UUID'],
  [JSON.stringify({ kind: 'subscribe', stream: { ...stream, extra: 1 } }), 'is not a known field'],
  [JSON.stringify({ kind: 'command', id: 'x', operation: 'chat.send', input: [] }), 'must be a UUID'],
  [JSON.stringify({ kind: 'command', id, operation: 'chat.send', input: {} }), 'must be a list'],
  [JSON.stringify({ kind: 'command', id, operation: 'chat.send' }), 'is required'],
  [JSON.stringify({ kind: 'authenticate', token: '' }), 'must be'],
])('%s cannot be read', (text, why) => {
  const error = readMessage(text);
  expect(isMeetingError(error) && error.code).toBe('VALIDATION');
  expect(isMeetingError(error) && error.message).toContain(why);
});

test('a message has at most 64 KB, as UTF-8', () => {
  const message = (length: number, letter: string) =>
    read({ kind: 'signal', stream, type: 'x', data: letter.repeat(length) });
  const overhead = JSON.stringify({ kind: 'signal', stream, type: 'x', data: '' }).length;
  expect(isMeetingError(message(mostMessageBytes - overhead, 'a'))).toBe(false);
  expect(isMeetingError(message(mostMessageBytes - overhead + 1, 'a'))).toBe(true);
  expect(isMeetingError(message(mostMessageBytes / 2, 'ä'))).toBe(true);
});
