import { expect, test, vi } from 'vitest';
import * as ws from 'ws';
import { sendTextBy } from '../../src/transports/websocket-frames.ts';

const sender: unknown = Reflect.get(ws, 'Sender');

function socket(own: object | undefined = { sendFrame: vi.fn<() => void>() }) {
  return { send: vi.fn<() => void>(), _sender: own };
}

test('the installed ws frames a text once for all who get it', () => {
  const send = sendTextBy(sender);
  const sockets = [socket(), socket(), socket()];
  const written = vi.fn<() => void>();
  for (const each of sockets) send(each, 'héllo', written);
  const frames = sockets.map(
    ({ _sender }) => vi.mocked((_sender as { sendFrame: () => void }).sendFrame).mock.calls[0],
  );
  expect(frames[0]).toEqual([[Buffer.from([0x81, 6, ...Buffer.from('héllo')])], written]);
  const [[first]] = frames as unknown as [[[Buffer]]];
  for (const [[bytes]] of frames as unknown as [[Buffer]][]) expect(bytes).toBe(first[0]);
  for (const each of sockets) expect(each.send).not.toHaveBeenCalled();
});

test('what was framed is not kept', async () => {
  const frame = vi.spyOn(sender as { frame: () => void }, 'frame');
  const send = sendTextBy(sender);
  frame.mockClear();
  send(socket(), 'once', () => {});
  send(socket(), 'once', () => {});
  expect(frame).toHaveBeenCalledTimes(1);
  await Promise.resolve();
  send(socket(), 'once', () => {});
  expect(frame).toHaveBeenCalledTimes(2);
});

test.each([
  ['is missing', undefined],
  ['frames nothing', () => {}],
  ['gives something else', { frame: () => 'text' }],
  ['gives other bytes', Object.assign(() => {}, { frame: () => [Buffer.from('ok')] })],
  ['throws', Object.assign(() => {}, { frame: () => expect.fail('no') })],
])('where the class %s, each socket sends by itself', (_, found) => {
  const send = sendTextBy(found);
  const each = socket();
  const written = vi.fn<() => void>();
  send(each, 'hello', written);
  expect(each.send).toHaveBeenCalledWith('hello', written);
});

test('a socket without what is needed sends by itself', () => {
  const each = socket(undefined);
  Reflect.deleteProperty(each, '_sender');
  sendTextBy(sender)(each, 'hello', () => {});
  expect(each.send).toHaveBeenCalledTimes(1);
});
