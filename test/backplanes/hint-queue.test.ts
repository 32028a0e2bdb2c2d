import { expect, test } from 'vitest';
import { HintQueue } from '../../src/backplanes/hint-queue.ts';
import type { Hint } from '../../src/backplanes/index.ts';
import { newId } from '../../src/core/identifier.ts';
import { signal, wake } from '../../src/testing/backplane-stations.ts';

const stream = { kind: 'meeting', id: newId() } as const;
const from = newId();

function state(data: unknown, type = 'idle', by = from): Hint {
  return { kind: 'state', stream, from: by, type, data, audience: 'all' };
}

function queueOf(hints: readonly Hint[], capacity = 100): HintQueue {
  const queue = new HintQueue(capacity);
  for (const hint of hints) queue.add(hint);
  return queue;
}

test('of the wakes of a stream the highest is kept, whatever order they came in', () => {
  const other = wake(1);
  const queue = queueOf([wake(3, stream.id), other, wake(5, stream.id), wake(4, stream.id)]);
  expect(queue.takeAll()).toEqual([wake(5, stream.id), other]);
  expect(queue.size).toBe(0);
});

test('a person and a meeting of the same id are two streams', () => {
  const wakes = (['meeting', 'user'] as const).map((kind): Hint => ({
    kind: 'wake',
    stream: { kind, id: stream.id },
    seq: 1,
  }));
  expect(queueOf(wakes).takeAll()).toEqual(wakes);
});

test('of a state the latest is kept; those of others and of other types are others', () => {
  const others = [state('theirs', 'idle', newId()), state('mine', 'volume')];
  const queue = queueOf([state('first'), ...others, state(null)]);
  expect(queue.takeAll()).toEqual([state(null), ...others]);
});

test('signals are all kept, also the same one twice', () => {
  const same = signal('knock');
  expect(queueOf([same, same]).takeAll()).toEqual([same, same]);
});

test('who wants to know the states is asked for once', () => {
  const wanted: Hint = { kind: 'states-wanted', stream };
  expect(queueOf([wanted, wanted]).takeAll()).toEqual([wanted]);
});

test('a full queue takes nothing new, but what replaces something', () => {
  const queue = queueOf([wake(1, stream.id), signal(1)], 2);
  expect(queue.add(wake(1))).toBe(false);
  expect(queue.add(signal(2))).toBe(false);
  expect(queue.add(wake(2, stream.id))).toBe(true);
  expect(queue.size).toBe(2);
});

test('signals can be forgotten, and nothing else is', () => {
  const kept = [wake(1), state('idle')];
  const queue = queueOf([signal(1), ...kept, signal(2)]);
  expect(queue.forgetSignals()).toBe(2);
  expect(queue.takeAll()).toEqual(kept);
});
