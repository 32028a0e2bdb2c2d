import { expect, test } from 'vitest';
import { within } from '../../src/core/within.ts';

test('what comes in time is given, and what fails fails', async () => {
  expect(await within(10_000, Promise.resolve('here'))).toBe('here');
  await expect(within(10_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('nobody waits for ever', async () => {
  expect(await within(1, new Promise(() => {}))).toBeNull();
});
