import type { Hint } from '../backplanes/backplane.ts';
import { isMeetingError, MeetingError, notFound } from '../core/errors.ts';
import type { Audience } from '../core/event.ts';
import { json, label, strict } from '../core/schema.ts';
import { validate } from '../core/validate.ts';
import type { Room } from './room.ts';
import { SharedFrame } from './sink.ts';
import type { Follower } from './subscription.ts';
import { isAddressed, isInView } from './visibility.rules.ts';

/** What is said in passing, as it travels between processes. */
type Said = Extract<Hint, { readonly kind: 'signal' | 'state' }>;

interface State {
  readonly said: Said;
  readonly frame: SharedFrame;
  /** It was set by somebody who follows here: this process speaks for it. */
  readonly isOurs: boolean;
  heardAt: number;
}

const saying = strict({ type: label(64), data: json({ maxBytes: 1_024 }) });

/** What one person may say in a second, over all streams. */
const mostPerSecond = 10;
/** States that one person may have in a stream. */
const mostStates = 8;
/** How often a process repeats the states it speaks for, and after how long in silence the others take them for over, in milliseconds. */
const repeatStatesMs = 10_000;
const forgetStatesMs = 35_000;

/**
 * What people say in passing: signals, which are heard or not, and states, of which the latest holds until it is taken back (null) or its
 * owner has gone. None of it is ever stored: it lives in the processes that have followers, and travels between them by hints.
 */
export class Signals {
  readonly #publish: (hints: readonly Hint[]) => void;
  readonly #states = new WeakMap<Room, Map<string, State>>();
  readonly #taken = new Map<string, number>();
  #countedSince = 0;
  #repeatedAt = 0;

  constructor(publish: (hints: readonly Hint[]) => void) {
    this.#publish = publish;
  }

  /**
   * Says something for a person who follows the stream here.
   * @returns why it is not passed on: NOT_FOUND, FORBIDDEN, VALIDATION, RATE_LIMITED; null where it is
   */
  say(
    room: Room | undefined,
    userId: string,
    kind: 'signal' | 'state',
    given: { readonly type: string; readonly data: unknown },
  ): MeetingError | null {
    const speaker = [...(room?.of(userId) ?? [])].find(({ grant }) => !grant.removed);
    if (room === undefined || speaker === undefined) return notFound();
    if (speaker.grant.declined) return new MeetingError('FORBIDDEN', 'Accept the invitation before you say something.');
    try {
      if (!this.#take(userId)) return flooding();
      const { type, data } = validate(saying, { ...given, data: given.data ?? null });
      const said: Said = { kind, stream: room.stream, from: userId, type, data, audience: 'all' };
      if (kind === 'state' && !this.#keep(room, said, true)) return tooMany();
      this.#tell(room, said);
      this.#publish([said]);
      return null;
    } catch (error) {
      if (isMeetingError(error)) return error;
      throw error;
    }
  }

  /** Another process has passed this on. */
  hear(room: Room, said: Said): void {
    if (said.kind === 'signal') return this.#tell(room, said);
    const known = this.#of(room).get(keyOf(said));
    if (known !== undefined && isSame(known.said, said)) known.heardAt = performance.now();
    // Whoever has said it last speaks for it, so one that was ours may be theirs from here on.
    else if ((known !== undefined || said.data !== null) && this.#keep(room, said, false)) this.#tell(room, said);
  }

  /** Tells somebody new which states hold. */
  welcome(room: Room, follower: Follower): void {
    for (const [key, { said, frame }] of this.#of(room)) if (mayHear(room, follower, said)) follower.hear(frame, key);
  }

  /** Nobody follows for this person here any more: what they have set is over. */
  gone(room: Room, userId: string): void {
    for (const [key, { said, isOurs }] of this.#of(room)) {
      if (!isOurs || said.from !== userId) continue;
      const over: Said = { ...said, data: null };
      this.#of(room).delete(key);
      this.#tell(room, over);
      this.#publish([over]);
    }
  }

  /** Repeats the states that this process speaks for. */
  repeat(room: Room): void {
    const ours = [...this.#of(room).values()].filter(({ isOurs }) => isOurs);
    if (ours.length > 0) this.#publish(ours.map(({ said }) => said));
  }

  /** Once in a while: repeats our states, and forgets others' that nobody repeats. */
  tick(rooms: Iterable<Room>, now: number): void {
    const isTime = now - this.#repeatedAt >= repeatStatesMs;
    if (isTime) this.#repeatedAt = now;
    for (const room of rooms) {
      if (isTime) this.repeat(room);
      for (const [key, { said, isOurs, heardAt }] of this.#of(room)) {
        if (isOurs || now - heardAt < forgetStatesMs) continue;
        this.#of(room).delete(key);
        this.#tell(room, { ...said, data: null });
      }
    }
  }

  #keep(room: Room, said: Said, isOurs: boolean): boolean {
    const states = this.#of(room);
    const key = keyOf(said);
    if (said.data === null) states.delete(key);
    else {
      const others = [...states.values()].filter(
        (state) => state.said.from === said.from && state.said.type !== said.type,
      );
      if (others.length >= mostStates) return false;
      states.set(key, { said, frame: frameOf(said), isOurs, heardAt: performance.now() });
    }
    return true;
  }

  #tell(room: Room, said: Said): void {
    const frame = frameOf(said);
    const key = said.kind === 'state' ? keyOf(said) : null;
    for (const follower of room.followers) if (mayHear(room, follower, said)) follower.hear(frame, key);
  }

  #of(room: Room): Map<string, State> {
    const known = this.#states.get(room) ?? new Map<string, State>();
    this.#states.set(room, known);
    return known;
  }

  #take(userId: string): boolean {
    const now = performance.now();
    if (now - this.#countedSince >= 1_000) {
      this.#taken.clear();
      this.#countedSince = now;
    }
    const taken = this.#taken.get(userId) ?? 0;
    this.#taken.set(userId, taken + 1);
    return taken < mostPerSecond;
  }
}

function mayHear(room: Room, { grant }: Follower, { from, audience }: { from: string; audience: Audience }): boolean {
  return !grant.removed && !grant.declined && isAddressed(audience, grant) && isInView(from, grant, room.hosts);
}

function keyOf({ from, type }: Said): string {
  return `${from} ${type}`;
}

function isSame(one: Said, other: Said): boolean {
  return JSON.stringify(one.data) === JSON.stringify(other.data);
}

function frameOf({ kind, stream, from, type, data }: Said): SharedFrame {
  return new SharedFrame({ kind, stream, from, type, data });
}

function flooding(): MeetingError {
  const message = `At most ${mostPerSecond} signals a second; wait a moment.`;
  return new MeetingError('RATE_LIMITED', message, { details: { retryAfterSeconds: 1 } });
}

function tooMany(): MeetingError {
  return new MeetingError('CONFLICT', `At most ${mostStates} states at a time; take one back first.`);
}
