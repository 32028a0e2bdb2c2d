import type { Backplane, Hint } from './backplane.ts';
import { decode, encode } from './hint.ts';
import { Listeners } from './listeners.ts';

/** As much as other backplanes carry, so that what works on this one works on them. */
const maxBytes = 60_000;

/**
 * A backplane for one process: give the same object to each of its services. Hints reach all of them a moment later, the sender too, as they
 * do over a network.
 */
export function memoryBackplane(): Backplane {
  const listeners = new Listeners();
  let dropped = 0;
  let queued = 0;

  function deliver(hints: readonly Hint[]): void {
    queued -= hints.length;
    for (const given of hints) {
      const hint = asReceived(given);
      dropped += hint === null || listeners.none ? 1 : listeners.hint(hint);
    }
  }

  return {
    specVersion: 1,
    async start(listener) {
      listeners.join(listener);
    },
    publish(hints) {
      if (listeners.none) {
        dropped += hints.length;
        return;
      }
      queued += hints.length;
      queueMicrotask(() => deliver(hints));
    },
    health: () => ({ connected: !listeners.none, dropped, queued }),
    async stop() {
      listeners.leave();
    },
  };
}

/** What others said comes as a copy of plain data, as it would through a network; a wake is nothing else already. */
function asReceived(hint: Hint): Hint | null {
  if (hint.kind === 'wake' || hint.kind === 'states-wanted') return hint;
  const text = encode(hint);
  return text === null || Buffer.byteLength(text) > maxBytes ? null : decode(text);
}
