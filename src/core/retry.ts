import { setTimeout as wait } from 'node:timers/promises';
import type { Failure } from './driver-error.ts';

const attempts = 4;

const waits: Record<Failure, ((random: number) => number) | null> = {
  'rolled-back': (random) => 5 + random * 75,
  'not-started': (random) => 50 + random * 450,
  unknown: null,
  final: null,
};

/** Milliseconds to wait before the next attempt, or null to give up. Full jitter, so that rivals do not meet again. */
export function backoff(failure: Failure, attempt: number, random: () => number = Math.random): number | null {
  return attempt >= attempts ? null : (waits[failure]?.(random()) ?? null);
}

export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
}
