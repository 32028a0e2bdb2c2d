import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTurn } from '../../src/core/turn.ts';
import { fails } from '../setup/service.ts';

/** Work that says when it begins and ends. */
function noted(order: string[], name: string, work: () => Promise<unknown> = () => sleep(5)): () => Promise<void> {
  return async () => {
    order.push(`${name} begins`);
    try {
      await work();
    } finally {
      order.push(`${name} ends`);
    }
  };
}

test('on one connection one comes after another, in the order of asking, whatever becomes of them', async () => {
  const [connection, order]: [object, string[]] = [{}, []];
  const outcomes = await Promise.allSettled([
    inTurn(connection, noted(order, 'one')),
    inTurn(
      connection,
      noted(order, 'two', () => Promise.reject(new Error('refused'))),
    ),
    inTurn(connection, () => Promise.resolve('three')),
  ]);
  expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  expect(outcomes).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: new Error('refused') },
    { status: 'fulfilled', value: 'three' },
  ]);
});

test('another connection is not waited for', async () => {
  const order: string[] = [];
  await Promise.all([
    inTurn({}, noted(order, 'one')),
    inTurn(
      {},
      noted(order, 'two', () => Promise.resolve()),
    ),
  ]);
  expect(order).toEqual(['one begins', 'two begins', 'two ends', 'one ends']);
});

test('a turn wanted from within it is refused, also by way of another connection, and the next goes on', async () => {
  const [connection, other] = [{}, {}];
  const again = () => inTurn(connection, () => Promise.resolve('never'));
  const { message } = await fails(inTurn(connection, again), 'CONFLICT');
  expect(message).toContain('without calling back');
  await fails(
    inTurn(connection, () => inTurn(other, again)),
    'CONFLICT',
  );
  expect(await inTurn(connection, () => inTurn(other, () => Promise.resolve('there and back')))).toBe('there and back');
});

test('what was begun in a turn and goes on after it may take one of its own', async () => {
  const [connection, order]: [object, string[]] = [{}, []];
  let later: Promise<unknown> = Promise.resolve();
  await inTurn(connection, async () => {
    later = sleep(20).then(() => inTurn(connection, noted(order, 'later')));
  });
  await later;
  expect(order).toEqual(['later begins', 'later ends']);
});

test('who waits for a turn keeps to their own place: being called from a turn of others does not carry over', async () => {
  const [connection, other] = [{}, {}];
  const first = inTurn(connection, () => sleep(10));
  const second = inTurn(other, () => inTurn(connection, () => Promise.resolve('after the first')));
  expect(await second).toBe('after the first');
  await first;
});
