import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { json } from '../../src/core/json.ts';

const anyJson = json();

function refusal(value: unknown, piece: z.ZodType = anyJson): string {
  const result = piece.safeParse(value);
  if (result.success) throw new Error('was accepted');
  return result.error.issues.map((issue) => issue.message).join('; ');
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { inner: value };
  return value;
}

test('every JSON value within the limits comes back equal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' }), (value) => {
      const given = JSON.parse(JSON.stringify(value)) as unknown;
      fc.pre(!/"(?:__proto__|constructor|prototype)"/.test(JSON.stringify(given)));
      const copy = anyJson.parse(given);
      expect(copy).toStrictEqual(given);
    }),
  );
});

test('the copy shares nothing with the input', () => {
  const given = { list: [{ a: 1 }] };
  const copy = anyJson.parse(given);
  given.list[0] = { a: 2 };
  given.list.push({ a: 3 });
  expect(copy).toEqual({ list: [{ a: 1 }] });
});

test('the size is that of the compact JSON text in UTF-8, to the byte', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }), (value) => {
      const given = JSON.parse(JSON.stringify(value)) as unknown;
      fc.pre(anyJson.safeParse(given).success);
      const bytes = Buffer.byteLength(JSON.stringify(given));
      expect(json({ maxBytes: bytes }).safeParse(given).success).toBe(true);
      expect(json({ maxBytes: bytes - 1 }).safeParse(given).success).toBe(false);
    }),
  );
});

test.each(['__proto__', 'constructor', 'prototype'])('a key named %s is refused at any depth', (key) => {
  const hostile = JSON.parse(`{"a":[{"b":{"${key}":{"polluted":true}}}]}`) as unknown;
  expect(refusal(hostile)).toBe(`must not have a key named ${key}`);
  expect(refusal(JSON.parse(`{"${key}":1}`))).toBe(`must not have a key named ${key}`);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('eight levels are accepted, nine are not', () => {
  expect(anyJson.parse(nested(8))).toStrictEqual(nested(8));
  expect(refusal(nested(9))).toBe('must be nested at most 8 levels deep');
});

test('twenty thousand levels and a circle are refused, not overflowed on', () => {
  expect(refusal(nested(20_000))).toBe('must be nested at most 8 levels deep');
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  expect(refusal(circle)).toBe('must be nested at most 8 levels deep');
});

test('an object that fans out through shared parts is refused by its size', () => {
  let value: unknown = 'x';
  for (let i = 0; i < 7; i++) value = Array.from({ length: 100 }, () => value);
  expect(refusal(value)).toBe('must be at most 65536 bytes as JSON');
});

test('a list too long for the limit is refused before its items are read', () => {
  const list: unknown[] = Array.from({ length: 100_000 });
  Object.defineProperty(list, 0, {
    get() {
      throw new Error('was read');
    },
  });
  expect(refusal(list)).toBe('must be at most 65536 bytes as JSON');
});

test.each([
  [Number.NaN, 'must hold finite numbers only'],
  [{ a: [Infinity] }, 'must hold finite numbers only'],
  [10n, 'must be plain JSON: texts, finite numbers, true, false, null, lists and objects'],
  [{ a: () => 1 }, 'must be plain JSON: texts, finite numbers, true, false, null, lists and objects'],
  [[undefined], 'must be plain JSON: null, not undefined, is what is absent'],
  [new Date(), 'must be plain JSON: no dates, maps or instances of classes'],
  [{ a: new Map() }, 'must be plain JSON: no dates, maps or instances of classes'],
  [Object('boxed'), 'must be plain JSON: no dates, maps or instances of classes'],
  ['a\u0000b', 'must hold no control characters or broken emoji'],
  [{ 'a\u0000b': 1 }, 'must hold no control characters or broken emoji'],
  [['\ud800'], 'must hold no control characters or broken emoji'],
  [undefined, 'is required'],
])('%o is refused', (value, message) => {
  expect(refusal(value)).toBe(message);
});

test('absent keys are left out, objects without a prototype are fine, minus zero is zero', () => {
  const bare = Object.assign(Object.create(null) as object, { a: undefined, b: -0, text: 'one\ntwo' });
  expect(anyJson.parse(bare)).toStrictEqual({ b: 0, text: 'one\ntwo' });
});

test('a getter that throws is the caller’s defect and is not hidden', () => {
  const broken = {
    get a(): never {
      throw new TypeError('mine');
    },
  };
  expect(() => anyJson.safeParse(broken)).toThrow(TypeError);
});

test('any value at all is its JSON Schema', () => {
  expect(z.toJSONSchema(anyJson, { io: 'input' })).not.toHaveProperty('type');
});
