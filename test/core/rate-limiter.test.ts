import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryRateLimiter, type RateLimitDecision } from '../../src/core/rate-limiter.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';

const start = '2026-03-01T09:00:00Z';
const fivePerQuarter = { points: 5, perSeconds: 900 };

function limiterAt(options?: { maxKeys?: number }) {
  const clock = fakeClock(start);
  const limiter = memoryRateLimiter(clock, options);
  const take = (key: string, limit = fivePerQuarter): RateLimitDecision => {
    const decision = limiter.take(key, limit);
    if (decision instanceof Promise) throw new Error('the memory limiter answers at once');
    return decision;
  };
  return { clock, limiter, take };
}

test('five attempts are allowed, the sixth is told how long to wait', () => {
  const { take } = limiterAt();
  for (let i = 0; i < 5; i++) expect(take('ada')).toEqual({ allowed: true, retryAfterSeconds: 0 });
  expect(take('ada')).toEqual({ allowed: false, retryAfterSeconds: 180 });
});

test('points come back evenly, and waiting as told is enough', () => {
  const { clock, take } = limiterAt();
  for (let i = 0; i < 5; i++) take('ada');
  clock.advance(179_000);
  expect(take('ada')).toEqual({ allowed: false, retryAfterSeconds: 1 });
  clock.advance(1_000);
  expect(take('ada').allowed).toBe(true);
  expect(take('ada').allowed).toBe(false);
  clock.advance(900_000);
  for (let i = 0; i < 5; i++) expect(take('ada').allowed).toBe(true);
  expect(take('ada').allowed).toBe(false);
});

test('refused attempts do not push the next chance away', () => {
  const { clock, take } = limiterAt();
  for (let i = 0; i < 100; i++) take('ada');
  clock.advance(180_000);
  expect(take('ada').allowed).toBe(true);
});

test('one key says nothing about another', () => {
  const { take } = limiterAt();
  for (let i = 0; i < 6; i++) take('ada');
  expect(take('bob').allowed).toBe(true);
  expect(take('__proto__').allowed).toBe(true);
});

test('for any limit: the full number at once, then none, then one after the time told', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 86_400 }), (points, perSeconds) => {
      const { clock, take } = limiterAt();
      const limit = { points, perSeconds };
      for (let i = 0; i < points; i++) expect(take('key', limit).allowed).toBe(true);
      const refused = take('key', limit);
      expect(refused.allowed).toBe(false);
      expect(refused.retryAfterSeconds).toBe(Math.ceil(perSeconds / points));
      clock.advance(refused.retryAfterSeconds * 1000);
      expect(take('key', limit).allowed).toBe(true);
    }),
  );
});

test('over any stretch of time no more is allowed than the limit grants', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (waits) => {
      const { clock, take } = limiterAt();
      let allowed = 0;
      for (const wait of waits) {
        clock.advance(wait);
        if (take('key', { points: 3, perSeconds: 30 }).allowed) allowed += 1;
      }
      const seconds = waits.reduce((sum, wait) => sum + wait, 0) / 1000;
      expect(allowed).toBeLessThanOrEqual(3 + seconds / 10 + 1e-6);
    }),
  );
});

test('a clock that is set back neither frees nor locks', () => {
  const { clock, take } = limiterAt();
  for (let i = 0; i < 4; i++) take('ada');
  clock.advance(-3_600_000);
  expect(take('ada').allowed).toBe(true);
  expect(take('ada')).toEqual({ allowed: false, retryAfterSeconds: 180 });
  clock.advance(180_000);
  expect(take('ada').allowed).toBe(true);
});

test('buckets that are full again are forgotten', () => {
  const { clock, limiter, take } = limiterAt();
  for (let i = 0; i < 1000; i++) take(`key ${i}`);
  expect(limiter.size).toBe(1000);
  clock.advance(900_000);
  for (let i = 0; i < 1000; i++) take('busy', { points: 10_000, perSeconds: 1 });
  expect(limiter.size).toBe(1);
});

test('memory is bounded: beyond the limit the key not used for longest goes', () => {
  const { limiter, take } = limiterAt({ maxKeys: 100 });
  for (let i = 0; i < 5; i++) take('attacked');
  for (let i = 0; i < 1000; i++) {
    take(`key ${i}`);
    expect(take('attacked').allowed).toBe(false); // in use, so it is not the one that goes
    expect(limiter.size).toBeLessThanOrEqual(100);
  }
});

test.each([
  { points: 0, perSeconds: 1 },
  { points: 1, perSeconds: 0 },
  { points: Number.NaN, perSeconds: 1 },
  { points: 1, perSeconds: -1 },
])('the limit %j makes no sense and says so', (limit) => {
  expect(() => limiterAt().take('key', limit)).toThrow(RangeError);
});

test('without a clock of its own it follows the process', () => {
  expect(memoryRateLimiter().take('key', { points: 1, perSeconds: 60 })).toEqual({
    allowed: true,
    retryAfterSeconds: 0,
  });
});
