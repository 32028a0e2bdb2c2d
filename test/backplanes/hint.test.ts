import { expect, test } from 'vitest';
import { decode, encode, pack, unpack } from '../../src/backplanes/hint.ts';
import type { Hint } from '../../src/backplanes/index.ts';
import { newId } from '../../src/core/identifier.ts';
import { nonsense, signal, wake } from '../../src/testing/backplane-stations.ts';

const node = newId();

function roundTrip(hints: readonly Hint[], maxBytes = 7_900) {
  const { payloads, dropped } = pack(hints, node, maxBytes);
  const unpacked = payloads.map(({ text }) => unpack(text));
  return { payloads, dropped, unpacked, hints: unpacked.flatMap((each) => each.hints) };
}

test('hints come out as they went in, in order, with the name of their sender', () => {
  const hints = [wake(1), signal({ text: '☃' }), wake(2)];
  const { unpacked } = roundTrip(hints);
  expect(unpacked).toEqual([{ node, hints, dropped: 0 }]);
});

test('no hints make a payload that says only who is there', () => {
  expect(roundTrip([]).unpacked).toEqual([{ node, hints: [], dropped: 0 }]);
});

test('hints are spread over payloads that each keep to the limit, whatever bytes their letters take', () => {
  const hints = Array.from({ length: 200 }, (_, n) => (n % 3 === 0 ? signal('☃'.repeat(n)) : wake(n)));
  const { payloads, hints: found, dropped } = roundTrip(hints, 1_000);
  expect(found).toEqual(hints);
  expect(dropped).toBe(0);
  const sizes = payloads.map(({ text }) => Buffer.byteLength(text));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
  expect(payloads.reduce((total, payload) => total + payload.hints, 0)).toBe(hints.length);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(200); // none leaves before the next hint, of 800 at most, would be too much
});

test('a payload is filled to the last byte, and one byte more is too much', () => {
  const fitting = [wake(1), wake(2)];
  const size = Buffer.byteLength(pack(fitting, node, 7_900).payloads[0]!.text) + 1; // the comma that each may need
  expect(pack(fitting, node, size).payloads).toHaveLength(1);
  expect(pack(fitting, node, size - 1).payloads).toHaveLength(2);
  const alone = Buffer.byteLength(pack([wake(1)], node, 7_900).payloads[0]!.text) + 1;
  expect(pack([wake(1)], node, alone)).toMatchObject({ dropped: 0 });
  expect(pack([wake(1)], node, alone - 1)).toMatchObject({ dropped: 1, payloads: [{ hints: 0 }] });
});

test('what is too large, and what JSON cannot say, is left out and counted', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const fine = wake(1);
  const { hints, dropped } = roundTrip([signal('x'.repeat(8_000)), signal(circle), signal(1n), fine]);
  expect({ hints, dropped }).toEqual({ hints: [fine], dropped: 3 });
});

test.each(nonsense)('%s is one thing dropped', (text) => {
  expect(unpack(text)).toMatchObject({ hints: [], dropped: 1 });
});

test('what is good in a payload is kept when something in it is not', () => {
  const [good, other] = [wake(1), wake(2)];
  const text = JSON.stringify({ version: 1, node, hints: [good, { kind: 'later' }, other] });
  expect(unpack(text)).toEqual({ node, hints: [good, other], dropped: 1 });
});

test('a text larger than anybody sends is not even read', () => {
  const text = JSON.stringify({ version: 1, node, hints: [wake(1)] });
  expect(unpack(text.padEnd(65_536)).hints).toHaveLength(1);
  expect(unpack(text.padEnd(65_537))).toEqual({ node: null, hints: [], dropped: 1 });
});

test('a hint brings nothing along that is not its own', () => {
  const hint = wake(1);
  const text = JSON.stringify({ ...hint, admin: true, stream: { ...hint.stream, owner: 'me' } });
  expect(decode(text)).toEqual(hint);
});

test('a single hint can be said by itself', () => {
  const hint = signal(['a', { b: null }]);
  expect(decode(encode(hint)!)).toEqual(hint);
});
