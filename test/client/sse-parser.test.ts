import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SseParser } from '../../src/client/sse-parser.ts';

const parse = (...pieces: string[]) => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};
const message = (data: string, event = 'message') => ({ event, data });

test('a message ends with an empty line, and only then', () => {
  expect(parse('data: one\n')).toEqual([]);
  expect(parse('data: one\n\n')).toEqual([message('one')]);
  expect(parse('data: one\ndata:two\ndata\n\n')).toEqual([message('one\ntwo\n')]);
});

test('names, comments, ids and unknown fields are told apart', () => {
  expect(parse(': comment\nid: 7\nevent: close\ndata:  spaced\nother: x\n\ndata: y\n\n')).toEqual([
    message(' spaced', 'close'),
    message('y'),
  ]);
  expect(parse('event: empty\n\nretry: 10\n\ndata: z\n\n')).toEqual([message('z')]);
});

test('a byte order mark at the very beginning is none of the data', () => {
  expect(parse('\uFEFFdata: a\n\n\uFEFFdata: b\n\n')).toEqual([message('a')]);
});

test('the wait that a server asks for is a number', () => {
  const parser = new SseParser();
  parser.push('retry: soon\n');
  expect(parser.retryMs).toBeUndefined();
  parser.push('retry: 1500\n');
  expect(parser.retryMs).toBe(1_500);
});

test('lines may end in any way, and pieces anywhere', () => {
  const lines = fc.array(fc.constantFrom('data: a', 'data: b:c', 'event: x', ': c', '', 'id: 1'), { minLength: 1 });
  const property = fc.property(
    ...([lines, fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(80), { maxLength: 12 })] as const),
    (given, end, cuts) => {
      const text = given.map((line) => line + end).join('') + `data: last${end}${end}\n`;
      const places = [...new Set(cuts.filter((cut) => cut < text.length))].toSorted((a, b) => a - b);
      const pieces = [0, ...places].map((from, index) => text.slice(from, places[index]));
      const plain = parse(text.replaceAll(/\r\n?/g, '\n'));
      expect(parse(...pieces)).toEqual(plain);
      expect(plain.at(-1)?.data).toMatch(/last$/);
    },
  );
  fc.assert(property, { numRuns: 500 });
});
