import { expect, test } from 'vitest';
import { sweep } from '../../src/core/sweep.ts';

const running = new AbortController().signal;

test('a sweep sums up what was done', async () => {
  expect(await sweep([1, 2, 3], running, (item) => Promise.resolve(item))).toBe(6);
  expect(await sweep([], running, () => Promise.resolve(1))).toBe(0);
});

test('what fails keeps nothing else waiting, and is told at the end', async () => {
  const met: string[] = [];
  const act = (item: string) => {
    met.push(item);
    return item === 'b' ? Promise.reject(new Error('no')) : Promise.resolve(1);
  };
  await expect(sweep(['a', 'b', 'c'], running, act)).rejects.toMatchObject({
    message: '1 of 3 could not be dealt with',
    errors: [expect.objectContaining({ message: 'no' })],
  });
  expect(met).toEqual(['a', 'b', 'c']);
});

test('a sweep that is stopped leaves the rest for the next', async () => {
  const stopping = new AbortController();
  const done = sweep([1, 1, 1], stopping.signal, (item) => {
    stopping.abort();
    return Promise.resolve(item);
  });
  expect(await done).toBe(1);
});
