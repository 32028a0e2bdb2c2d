import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Job, Worker } from '../../src/worker/index.ts';
import { recordingLogger } from '../events/event.ts';
import { fails } from '../setup/service.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function job(name: string, run: Job['run'] = () => Promise.resolve(1), everyMs = 1_000): Job {
  return { name, everyMs, run };
}

function opened(...jobs: Job[]) {
  const logger = recordingLogger();
  return { worker: new Worker(jobs, logger), logger };
}

/** A job that runs until it is let go. */
function held(name = 'held') {
  const signals: AbortSignal[] = [];
  const ends: (() => void)[] = [];
  const run: Job['run'] = (signal) => {
    signals.push(signal);
    return new Promise((resolve) => ends.push(() => resolve(1)));
  };
  return { job: job(name, run), signals, end: () => ends.shift()?.() };
}

const broken = new Error('broken');

describe('runOnce', () => {
  test('runs every job, one after another, and says how much each did', async () => {
    const order: string[] = [];
    const slow = job('slow', async () => {
      order.push('slow begins');
      await vi.advanceTimersByTimeAsync(10);
      order.push('slow ends');
      return 3;
    });
    const quick = job('quick', () => Promise.resolve(order.push('quick')));
    const { worker } = opened(slow, quick);
    expect(worker.jobs).toEqual(['slow', 'quick']);
    expect(await worker.runOnce()).toEqual({ done: { slow: 3, quick: 3 }, failed: [] });
    expect(order).toEqual(['slow begins', 'slow ends', 'quick']);
  });

  test('runs the one job it is told', async () => {
    const { worker } = opened(
      job('one'),
      job('two', () => Promise.resolve(2)),
    );
    expect(await worker.runOnce('two')).toEqual({ done: { two: 2 }, failed: [] });
  });

  test('refuses a job that does not exist and says which do', async () => {
    const { worker } = opened(job('one'), job('two'));
    const error = await fails(worker.runOnce('three'), 'VALIDATION');
    expect(error.details).toEqual({ fields: [{ path: 'job', message: 'must be one of one, two' }] });
  });

  test.for<[string, Job['run']]>([
    ['rejects', () => Promise.reject(broken)],
    [
      'throws',
      () => {
        throw broken;
      },
    ],
  ])('goes on when a job %s, and reports it', async ([, run]) => {
    const { worker, logger } = opened(job('bad', run), job('good'));
    expect(await worker.runOnce()).toEqual({ done: { good: 1 }, failed: ['bad'] });
    const fields = { job: 'bad', error: broken };
    expect(logger.lines).toEqual([{ level: 'error', message: 'a background job failed', fields }]);
  });
});

describe('a started worker', () => {
  test('runs each job on its own rhythm, and again only after it has ended', async () => {
    const order: string[] = [];
    const often = job('often', () => Promise.resolve(order.push('often')), 1_000);
    const seldom = job('seldom', () => Promise.resolve(order.push('seldom')), 2_500);
    const { worker } = opened(often, seldom);
    worker.start();
    worker.start();
    expect(vi.getTimerCount()).toBe(2);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(order).toEqual(['often', 'often', 'seldom', 'often']);
    await worker.stop();
  });

  test('does not run a job into itself', async () => {
    const { job: slow, signals, end } = held();
    const { worker } = opened(slow);
    worker.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(signals).toHaveLength(1);
    end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(signals).toHaveLength(2);
    end();
    await worker.stop();
  });

  test('runs a job again after it has failed', async () => {
    const run = vi.fn<Job['run']>().mockRejectedValue(broken);
    const { worker } = opened(job('bad', run));
    worker.start();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(run).toHaveBeenCalledTimes(3);
    await worker.stop();
  });

  test('keeps no process alive', () => {
    const unref = vi.spyOn(globalThis, 'setTimeout');
    const { worker } = opened(job('one'));
    worker.start();
    expect(unref.mock.results[0]?.value.hasRef()).toBe(false);
    return worker.stop();
  });
});

describe('stopping', () => {
  test('leaves no timer, and nothing runs afterwards', async () => {
    const run = vi.fn<Job['run']>().mockResolvedValue(1);
    const { worker } = opened(job('one', run), job('two', run));
    worker.start();
    await worker.stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(run).not.toHaveBeenCalled();
  });

  test.for(['start', 'runOnce'] as const)('tells a job begun by %s to end, and waits for it', async (begin) => {
    const { job: slow, signals, end } = held();
    const { worker } = opened(slow);
    const running = begin === 'runOnce' ? worker.runOnce() : worker.start();
    await vi.advanceTimersByTimeAsync(1_000);
    let stopped = false;
    const stopping = worker.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(stopped).toBe(false);
    end();
    await stopping;
    await running;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps the jobs that have not begun from running', async () => {
    const { job: slow, end } = held();
    const { worker } = opened(slow, job('later'));
    const running = worker.runOnce();
    const stopping = worker.stop();
    end();
    expect(await running).toEqual({ done: { held: 1 }, failed: [] });
    await stopping;
  });

  test('is not for good: a worker starts again, even while a job of before still ends', async () => {
    const { job: slow, signals, end } = held();
    const { worker } = opened(slow);
    worker.start();
    await vi.advanceTimersByTimeAsync(1_000);
    const stopping = worker.stop();
    worker.start();
    end();
    await stopping;
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    end();
    await worker.stop();
  });

  test('what never started is nothing', async () => {
    const { worker } = opened(job('one'));
    await worker.stop();
    await worker.stop();
    expect(await worker.runOnce('one')).toEqual({ done: { one: 1 }, failed: [] });
  });
});
