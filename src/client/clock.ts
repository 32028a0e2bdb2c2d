/** Time as the client needs it. */
export interface ClientClock {
  /** Milliseconds; from when on does not matter unless tokens tell when they expire: then since 1970. */
  now(): number;
  /** Calls once, after so many milliseconds. @returns what calls it off */
  after(milliseconds: number, callback: () => void): () => void;
}

/** Timers take no more; a longer wait would be none at all. */
const longestMs = 2 ** 31 - 1;

export const systemClock: ClientClock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, longestMs));
    return () => clearTimeout(timer);
  },
};

/** Calls `silent` once nothing was heard for so long. Hearing only notes the time: a timer is not moved with every frame. */
export function watchSilence(
  clock: ClientClock,
  limitMs: number,
  silent: () => void,
): { readonly heard: () => void; readonly stop: () => void } {
  let last = clock.now();
  const check = () => {
    const left = last + limitMs - clock.now();
    if (left <= 0) silent();
    else cancel = clock.after(left, check);
  };
  let cancel = clock.after(limitMs, check);
  return {
    heard() {
      last = clock.now();
    },
    stop: () => cancel(),
  };
}
