import { expect, test } from 'vitest';
import { createGapDetector } from '../../src/client/index.ts';

test('counting begins with the first event, and what follows on it is next', () => {
  const detector = createGapDetector();
  expect(detector.seq).toBeNull();
  expect([detector.track(3, 4), detector.track(4, 7), detector.track(7, 8)]).toEqual(['next', 'next', 'next']);
  expect(detector.seq).toBe(8);
});

test('what was had before is repeated', () => {
  const detector = createGapDetector(5);
  expect([detector.track(4, 5), detector.track(1, 2), detector.track(5, 6), detector.track(5, 6)]).toEqual([
    ...['repeated', 'repeated', 'next', 'repeated'],
  ]);
});

test('what does not follow on is a gap until it was caught up with', () => {
  const detector = createGapDetector(5);
  expect(detector.track(6, 9)).toBe('gap');
  expect(detector.track(6, 9)).toBe('gap');
  expect(detector.seq).toBe(5);
  expect(detector.track(5, 6)).toBe('next'); // it was only late
  expect(detector.track(6, 9)).toBe('next');
  expect(detector.track(11, 12)).toBe('gap');
  detector.caughtUp(12);
  detector.caughtUp(3);
  expect(detector.track(11, 12)).toBe('repeated');
  expect(detector.track(12, 20)).toBe('next');
});

test('events of other audiences in between are no gap', () => {
  const detector = createGapDetector(1);
  expect([detector.track(1, 5), detector.track(0, 8), detector.track(5, 9)]).toEqual(['next', 'next', 'next']);
});
