import { expect, test } from 'vitest';
import { SharedReads } from '../../src/realtime/shared-reads.ts';

/** Reads that end when they are told to. */
function gated() {
  const waiting: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  let begun = 0;
  const load = () => {
    begun++;
    return new Promise<number>((resolve, reject) => waiting.push({ resolve, reject }));
  };
  return { load, waiting, begun: () => begun };
}

const settled = () => new Promise(setImmediate);

test('whoever asks while a read is under way shares the next one, and nobody the one before', async () => {
  const reads = new SharedReads<number>(4);
  const { load, waiting, begun } = gated();
  const first = reads.read('a', load);
  const others = [reads.read('a', load), reads.read('a', load), reads.read('a', load)];
  await settled();
  expect(begun()).toBe(1);
  waiting[0]?.resolve(1);
  expect(await first).toBe(1);
  await settled();
  expect(begun()).toBe(2);
  const late = reads.read('a', load);
  waiting[1]?.resolve(2);
  expect(await Promise.all(others)).toEqual([2, 2, 2]);
  await settled();
  waiting[2]?.resolve(3);
  expect(await late).toBe(3);
  expect(begun()).toBe(3);
});

test('a read that fails harms those who asked for it and not those after', async () => {
  const reads = new SharedReads<number>(4);
  const { load, waiting } = gated();
  const first = reads.read('a', load);
  const second = reads.read('a', load);
  await settled();
  waiting[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settled();
  waiting[1]?.resolve(2);
  expect(await second).toBe(2);
});

test('no more than so many run at a time, and all get their turn', async () => {
  const reads = new SharedReads<number>(2);
  const { load, waiting, begun } = gated();
  const all = ['a', 'b', 'c', 'd', 'e'].map((key) => reads.read(key, load));
  for (let done = 0; done < 5; done++) {
    await settled();
    expect(begun()).toBe(Math.min(5, done + 2));
    waiting[done]?.resolve(done);
  }
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4]);
});
