import { setTimeout as wait } from 'node:timers/promises';
import type { Failure } from './driver-error.ts';

const attempts = 4;

/** How long to wait before the next attempt, or null to give up. Full jitter, so that rivals do not meet again. */
export function backoff(failure: Failure, attempt: number, random: () => number = Math.random): number | null {
  if (attempt >= attempts) return null;
  switch (failure) {
    case 'rolled-back':
      return 5 + random() * 75;
    case 'not-started':
      return 50 + random() * 450;
    case 'unknown':
    case 'final':
      return null;
  }
}

export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
}
