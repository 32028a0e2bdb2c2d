import { expect, test } from 'vitest';
import { blanking } from '../../src/chat/index.ts';
import { meetingStream, type StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { Ring } from '../../src/realtime/ring.ts';
import { event } from '../events/event.ts';

const stream = meetingStream(newId());
const at = (seq: number, more: Partial<StreamEvent> = {}) => event({ stream, seq, ...more });
const said = (seq: number, messageId: string, type = 'chat.message.sent') =>
  at(seq, { type, data: { messageId, content: 'words' } });
const seqs = (events: readonly StreamEvent[] | null) => events?.map(({ seq }) => seq) ?? null;

test('gives what comes after a number, or nothing where it does not have all of it', () => {
  const ring = new Ring(blanking);
  expect(ring.after(0)).toBeNull();
  ring.push([at(5), at(6)]);
  ring.push([at(7)]);
  expect(seqs(ring.after(3))).toBeNull();
  expect(seqs(ring.after(4))).toEqual([5, 6, 7]);
  expect(seqs(ring.after(6))).toEqual([7]);
  expect(seqs(ring.after(7))).toEqual([]);
});

test('keeps the last ones, at least 256 and never twice that', () => {
  const ring = new Ring(blanking);
  for (let seq = 1; seq <= 256; seq++) ring.push([at(seq)]);
  for (let seq = 257; seq <= 2_000; seq++) {
    ring.push([at(seq)]);
    expect(ring.after(seq - 256)).toHaveLength(256);
  }
  expect(ring.after(2_000 - 2 * 256)).toBeNull();
});

test('words that were taken back are blank in it', () => {
  const ring = new Ring(blanking);
  ring.push([said(1, 'a'), said(2, 'b'), said(3, 'a', 'chat.message.edited')]);
  ring.push([said(4, 'a', 'chat.message.deleted')]);
  expect(ring.after(0)?.map(({ data, redacted }) => [data['content'], redacted])).toEqual([
    [undefined, true],
    ['words', undefined],
    [undefined, true],
    ['words', undefined],
  ]);
});
