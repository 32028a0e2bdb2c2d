import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  lengthOf,
  mostAtOnce,
  overlapOf,
  type Span,
  unionOf,
} from '../../src/engagement/engagement.spans.rules.ts';

const span = fc
  .tuple(fc.integer({ min: -5, max: 45 }), fc.nat(20))
  .map(([from, length]): Span => [from, from + length]);
const spans = fc.array(span, { maxLength: 8 });
const within: Span = [0, 40];
const moments = Array.from({ length: 40 }, (_, at) => at);
const holds = (at: number) => (one: Span) => one[0] <= at && at < one[1];

describe('a union', () => {
  test.for<[string, Span[], Span[]]>([
    ['of nothing is nothing', [], []],
    ['of one is that one', [[1, 3]], [[1, 3]]],
    [
      'joins what overlaps or touches, in any order',
      [
        [5, 9],
        [1, 3],
        [3, 6],
      ],
      [[1, 9]],
    ],
    [
      'keeps gaps',
      [
        [1, 3],
        [4, 6],
      ],
      [
        [1, 3],
        [4, 6],
      ],
    ],
    ['has no room for what is empty', [[2, 2]], []],
    [
      'ends where it is clamped',
      [
        [-4, 2],
        [30, Infinity],
      ],
      [
        [0, 2],
        [30, 40],
      ],
    ],
    [
      'knows nothing of what lies outside',
      [
        [-4, 0],
        [40, 50],
      ],
      [],
    ],
  ])('%s', ([, given, expected]) => {
    expect(unionOf(given, within)).toEqual(expected);
  });

  test('holds the moments that any span holds, and no other', () => {
    fc.assert(
      fc.property(spans, (given) => {
        const union = unionOf(given, within);
        expect(moments.filter((at) => contains(union, at))).toEqual(moments.filter((at) => given.some(holds(at))));
        expect(lengthOf(union)).toBe(moments.filter((at) => given.some(holds(at))).length);
        for (const [index, [from]] of union.entries()) expect(from).toBeGreaterThan(union[index - 1]?.[1] ?? -1);
      }),
    );
  });
});

test('what two unions share is as long as the moments that both hold', () => {
  fc.assert(
    fc.property(spans, spans, (one, other) => {
      const [a, b] = [unionOf(one, within), unionOf(other, [-Infinity, Infinity])];
      const shared = moments.filter((at) => contains(a, at) && contains(b, at)).length;
      expect([overlapOf(a, b), overlapOf(b, a)]).toEqual([shared, shared]);
    }),
  );
});

test('what lasts for ever is shared up to the end of the other', () => {
  expect(
    overlapOf(
      [[3, Infinity]],
      [
        [1, 5],
        [8, 9],
      ],
    ),
  ).toBe(3);
});

describe('the most at once', () => {
  test('is none of none', () => {
    expect(mostAtOnce([])).toBe(0);
  });

  test('counts one that ends as another begins as over', () => {
    expect(
      mostAtOnce([
        [1, 3],
        [3, 5],
      ]),
    ).toBe(1);
  });

  test('is what the fullest moment holds', () => {
    fc.assert(
      fc.property(fc.array(span.filter(([from, to]) => from < to)), (given) => {
        const crowds = given.map(([from]) => given.filter(holds(from)).length);
        expect(mostAtOnce(given)).toBe(Math.max(0, ...crowds));
      }),
    );
  });
});
