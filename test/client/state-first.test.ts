import { expect, test } from 'vitest';
import { epoch, events, meetingId, stream, subscribed, until, WebSocketStage } from './stage.ts';
import { clientOf, follow } from './visitor.ts';

test('the state is loaded once the place is known, and only what came after it follows', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const order: unknown[] = [];
  const loaded = Promise.withResolvers<string>();
  const state = () => {
    order.push('load');
    return loaded.promise;
  };
  const subscription = client
    .meeting(meetingId)
    .subscribe({ state, onState: (text) => void order.push(`show ${text}`) });
  subscription.on('*', ({ seq }) => void order.push(seq));
  const peer = await stage.peer();
  await peer.hears('subscribe');
  expect(order).toEqual([]);
  peer.send(subscribed(10), events(10, 11), events(12), { kind: 'ping' });
  await peer.hears('pong');
  expect(order).toEqual(['load']);
  expect(subscription.cursor).toBeNull();
  loaded.resolve('ten');
  await until(() => expect(order).toEqual(['load', 'show ten', 11, 12]));
  expect(subscription.cursor).toBe(`${epoch}:12`);
});

test('a reset begins anew: what waited is dropped, the state is loaded again, and a late answer counts for nothing', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const order: unknown[] = [];
  const loads: PromiseWithResolvers<string>[] = [];
  const aborted: boolean[] = [];
  const subscription = client.meeting(meetingId).subscribe({
    state: ({ signal }) => {
      const load = Promise.withResolvers<string>();
      loads.push(load);
      signal.addEventListener('abort', () => aborted.push(true));
      return load.promise;
    },
    onState: (text) => void order.push(text),
    onReset: (reason) => void order.push(reason),
  });
  subscription.on('*', ({ seq }) => void order.push(seq));
  const peer = await stage.peer();
  await peer.hears('subscribe');
  peer.send(subscribed(1), events(2));
  await until(() => expect(loads).toHaveLength(1));
  peer.send({ kind: 'reset', stream, epoch, seq: 50, reason: 'pruned' });
  expect(await peer.hears('subscribe', 1)).toEqual({ kind: 'subscribe', stream });
  expect(order).toEqual(['pruned']);
  expect(aborted).toEqual([true]);
  peer.send(events(51), subscribed(50), events(51));
  await until(() => expect(loads).toHaveLength(2));
  loads[0]!.resolve('old');
  loads[1]!.resolve('new');
  await until(() => expect(order).toEqual(['pruned', 'new', 51]));
});

test('a state that cannot be had is asked for again', async () => {
  await using stage = await WebSocketStage.open();
  const { client, errors } = clientOf(stage);
  let tries = 0;
  const shown: number[] = [];
  follow(client, {
    state: async () => (++tries < 3 ? Promise.reject(new Error(`try ${tries}`)) : tries),
    onState: (state) => void shown.push(state as number),
  });
  const peer = await stage.peer();
  await peer.hears('subscribe');
  peer.send(subscribed(0));
  await until(() => expect(shown).toEqual([3]));
  expect(errors).toEqual([new Error('try 1'), new Error('try 2')]);
});

test('a cut while the state is loaded loses nothing', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const loaded = Promise.withResolvers<null>();
  let loads = 0;
  const { heard } = follow(client, {
    state: () => {
      loads++;
      return loaded.promise;
    },
  });
  const first = await stage.peer();
  await first.hears('subscribe');
  first.send(subscribed(4), events(5), { kind: 'ping' });
  await first.hears('pong');
  first.cut();
  const second = await stage.peer(1);
  expect((await second.hears('subscribe')).after).toBe(`${epoch}:4`);
  second.send(subscribed(4, true), events(5, 6), { kind: 'ping' });
  await second.hears('pong');
  loaded.resolve(null);
  await until(() => expect(heard).toEqual([5, 6]));
  expect(loads).toBe(1);
});
