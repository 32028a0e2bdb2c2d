import type { StreamEvent, StreamRef } from '../core/event.ts';
import type { FrameEvent } from './frame.ts';
import { SharedFrame } from './sink.ts';
import { type Grant, isVisible, personIn } from './visibility.rules.ts';

/** Events in one frame at most: what waits for a slow connection grows by no more than this at a time. */
const mostPerFrame = 64;

/** Cuts events into what goes out together. */
export function* slices(events: readonly StreamEvent[]): Generator<readonly StreamEvent[]> {
  for (let start = 0; start < events.length; start += mostPerFrame) yield events.slice(start, start + mostPerFrame);
}

/** Consecutive events of a stream on their way to many, written once for all who see the same of them. */
export class Batch {
  readonly first: number;
  /** The cursor of whoever has had it. */
  readonly to: number;
  readonly #stream: StreamRef;
  readonly #events: readonly StreamEvent[];
  readonly #hosts: ReadonlySet<string>;
  /** People whom an event names: they may see what others of their kind do not. */
  readonly #named: ReadonlySet<string>;
  /** By what is seen of the batch. */
  readonly #frames = new Map<string, SharedFrame | null>();
  /** What is seen of it, by kind of person. */
  readonly #seen = new Map<string, string>();

  /** @param events at least one, in order and without a gap */
  constructor(stream: StreamRef, events: readonly StreamEvent[], hosts: ReadonlySet<string>) {
    this.#stream = stream;
    this.#events = events;
    this.#hosts = hosts;
    this.#named = new Set(events.flatMap(named));
    this.first = events[0]?.seq ?? 0;
    this.to = events.at(-1)?.seq ?? 0;
  }

  /** What this person sees of what comes after their cursor; null where that is nothing. */
  frameFor(grant: Grant, after: number): SharedFrame | null {
    if (after >= this.first) return this.#rest(after).frameFor(grant, this.first - 1);
    const seen = this.#seenBy(grant);
    const known = this.#frames.get(seen);
    if (known !== undefined) return known;
    const frame = this.#frame(this.#events.filter((_, index) => seen[index] === '1'));
    this.#frames.set(seen, frame);
    return frame;
  }

  /** For the one whose cursor lies within. */
  #rest(after: number): Batch {
    const events = this.#events.filter(({ seq }) => seq > after);
    return new Batch(this.#stream, events, this.#hosts);
  }

  #seenBy(grant: Grant): string {
    if (this.#named.has(grant.userId)) return this.#look(grant);
    const kind = [grant.asHost, grant.limited, grant.declined, grant.removed].join();
    const known = this.#seen.get(kind) ?? this.#look(grant);
    this.#seen.set(kind, known);
    return known;
  }

  #look(grant: Grant): string {
    return this.#events.map((event) => (isVisible(event, grant, this.#hosts) ? '1' : '0')).join('');
  }

  #frame(events: readonly StreamEvent[]): SharedFrame | null {
    const [first] = events;
    if (first === undefined) return null;
    const { epoch } = first;
    return new SharedFrame({
      kind: 'events',
      stream: this.#stream,
      epoch,
      to: this.to,
      events: events.map(frameEventOf),
    });
  }
}

function named(event: StreamEvent): string[] {
  const person = personIn(event);
  const { audience } = event;
  return [...(person === null ? [] : [person]), ...(typeof audience === 'string' ? [] : audience.users)];
}

function frameEventOf({ stream: _stream, epoch: _epoch, ...event }: StreamEvent): FrameEvent {
  return event;
}
