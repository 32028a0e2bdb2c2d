/** What an event is to somebody who counts along. */
export type Continuity =
  /** It follows on what was had. */
  | 'next'
  /** It was had before: drop it. */
  | 'repeated'
  /** Something between was lost: read from the last cursor on, then tell `caughtUp`. */
  | 'gap';

export interface GapDetector {
  /** Judges an event by its own `prev` and `seq`. A `gap` counts as not had, so that it is told again when it comes again. */
  track(prev: number, seq: number): Continuity;
  /** Everything up to `seq` is had, by another way. */
  caughtUp(seq: number): void;
  /** The last number that was had; null before the first event. */
  readonly seq: number | null;
}

/**
 * For hosts that deliver events by a push service of their own, which may lose, repeat and reorder them: one detector for each
 * channel, which is one audience of one stream. Events for single people in a meeting's stream are not chained (`prev` is 0), so a
 * lost one is seen only in the inbox.
 * @param seq the last number that was had; without it the first event is where counting begins
 */
export function createGapDetector(seq: number | null = null): GapDetector {
  let last = seq;
  return {
    get seq() {
      return last;
    },
    track(prev, next) {
      if (last !== null && next <= last) return 'repeated';
      if (last !== null && prev > last) return 'gap';
      last = next;
      return 'next';
    },
    caughtUp(to) {
      last = Math.max(last ?? 0, to);
    },
  };
}
