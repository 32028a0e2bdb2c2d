import type { StreamEvent, StreamRef } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';
import { Batch, slices } from './batch.ts';
import type { ResetReason } from './frame.ts';
import type { Access, RealtimeLog } from './log.ts';
import { type Blanking, Ring } from './ring.ts';
import type { RealtimeSettings } from './settings.ts';
import type { Ending, Outlet } from './sink.ts';
import { type FollowedRoom, Follower } from './subscription.ts';
import { farewell, isRemovalOf, rightsTouchedBy } from './visibility.rules.ts';

/** What a room asks of the hub. */
export interface RoomPorts {
  readonly log: RealtimeLog;
  readonly logger: Logger;
  readonly settings: RealtimeSettings;
  readonly blanking: Blanking;
  /** Somebody's last subscription here is over. */
  readonly gone: (room: Room, userId: string) => void;
  /** Nobody is here any more. */
  readonly empty: (room: Room) => void;
  /** What was read does not fit what was known: the heads have to be looked at. */
  readonly doubtful: () => void;
}

/** Announced events that wait to pass, at most: beyond that they are read from the log. */
const mostArrived = 1_024;
/** From so many followers on, what happens waits a moment for what happens next: a frame's price is paid by follower, not by event. */
const crowd = 500;
const crowdPauseMs = 50;

/**
 * A stream that somebody follows here. Its events pass in order, one page after another, read from the log or, where they were
 * announced in this process and nothing is missing, as they were announced. One that changes somebody's rights passes once those
 * were read again.
 */
export class Room implements FollowedRoom {
  readonly stream: StreamRef;
  readonly epoch: string;
  readonly settings: RealtimeSettings;
  readonly followers = new Set<Follower>();
  /** The last event that changed somebody's rights: what was read before it is out of date. */
  rightsSeq = 0;
  readonly #byUser = new Map<string, Set<Follower>>();
  readonly #ports: RoomPorts;
  readonly #ring: Ring;
  #hosts: ReadonlySet<string> = new Set();
  #cursor: number;
  /** There are events up to here, by all that was heard. */
  #known: number;
  readonly #arrived = new Map<number, StreamEvent>();
  #isPassing = false;
  #passing: Promise<void> = Promise.resolve();
  #isScheduled = false;
  #closed = false;

  constructor(stream: StreamRef, { epoch, seq }: { epoch: string; seq: number }, ports: RoomPorts) {
    this.stream = stream;
    this.epoch = epoch;
    this.settings = ports.settings;
    this.#ports = ports;
    this.#ring = new Ring(ports.blanking);
    this.#cursor = this.#known = seq;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get hosts(): ReadonlySet<string> {
    return this.#hosts;
  }

  /** All that this person follows the stream with, here. */
  of(userId: string): ReadonlySet<Follower> {
    return this.#byUser.get(userId) ?? new Set();
  }

  admit({ grant, head, hosts }: Access, outlet: Outlet, cursor: number): Follower {
    if (hosts !== null) this.#hosts = hosts;
    const follower = new Follower(this, grant, outlet, { cursor, head: head.seq });
    this.followers.add(follower);
    this.#byUser.set(grant.userId, (this.#byUser.get(grant.userId) ?? new Set()).add(follower));
    this.want(head.seq);
    return follower;
  }

  leave(follower: Follower): void {
    this.followers.delete(follower);
    const others = this.#byUser.get(follower.userId);
    others?.delete(follower);
    if (others?.size === 0) {
      this.#byUser.delete(follower.userId);
      this.#ports.gone(this, follower.userId);
    }
    if (this.followers.size > 0) return;
    this.#closed = true;
    this.#ports.empty(this);
  }

  /** There are events up to this number, at least. */
  want(seq: number): void {
    if (seq > this.#known) this.#known = seq;
    if (!this.isIdle) this.#schedule();
  }

  /** An event was committed in this process. */
  arrive(event: StreamEvent): void {
    if (event.epoch !== this.epoch) return this.#ports.doubtful();
    if (event.seq > this.#cursor && this.#arrived.size < mostArrived) this.#arrived.set(event.seq, event);
    this.want(event.seq);
  }

  async settled(): Promise<void> {
    this.#pass();
    await this.#passing;
  }

  passedAfter(seq: number): readonly StreamEvent[] | Promise<readonly StreamEvent[]> {
    return this.#ring.after(seq) ?? this.#ports.log.page(this.stream, seq);
  }

  tick(now: number): void {
    if (!this.isIdle) this.#schedule();
    for (const follower of this.followers) follower.tick(now);
  }

  /** Whoever follows has to begin anew. */
  reset(reason: ResetReason, head: { epoch: string; seq: number }): void {
    for (const follower of this.followers) follower.reset(reason, head);
  }

  end(why: Ending): void {
    for (const follower of this.followers) follower.end(why);
  }

  failed(what: string, error: unknown): void {
    this.#ports.logger.warn(what, { stream: this.stream, error });
  }

  get isIdle(): boolean {
    return this.#closed || this.#cursor >= this.#known;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPassing) return;
    this.#isScheduled = true;
    const pass = () => {
      this.#isScheduled = false;
      this.#pass();
    };
    if (this.followers.size > crowd) setTimeout(pass, crowdPauseMs);
    else queueMicrotask(pass);
  }

  #pass(): void {
    if (this.#isPassing || this.isIdle) return;
    this.#isPassing = true;
    this.#passing = this.#passAll();
  }

  async #passAll(): Promise<void> {
    try {
      while (!this.isIdle) if (!(await this.#passPage())) return;
    } catch (error) {
      this.failed('events could not be read', error); // the next tick tries again
    } finally {
      this.#isPassing = false; // in the same breath as the last look, so no wish is lost in between
    }
  }

  /** Whether to go on. */
  async #passPage(): Promise<boolean> {
    const known = this.#known;
    const events = await this.#next();
    if (this.#closed) return false;
    const [first] = events;
    if (first === undefined) {
      // There is less than a hint has said.
      if (this.#known === known) this.#known = this.#cursor;
    } else if (first.epoch !== this.epoch) {
      this.#ports.doubtful();
      return false;
    } else if (first.seq === this.#cursor + 1) await this.#passOn(events);
    else this.reset('pruned', { epoch: this.epoch, seq: known });
    return true;
  }

  async #next(): Promise<readonly StreamEvent[]> {
    const arrived: StreamEvent[] = [];
    for (let event; (event = this.#arrived.get(this.#cursor + arrived.length + 1)) !== undefined;) arrived.push(event);
    return arrived.length > 0 ? arrived : this.#ports.log.page(this.stream, this.#cursor);
  }

  /** Before an event that changes rights passes, they are read: whoever loses some must not see what comes with it. */
  async #passOn(events: readonly StreamEvent[]): Promise<void> {
    const waiting: StreamEvent[] = [];
    for (const event of events) {
      const touched = this.#touchedBy(event);
      if (touched.length > 0) {
        this.#tell(waiting.splice(0));
        this.rightsSeq = event.seq;
        await this.#readRights(event, touched);
      }
      if (this.#closed) return;
      waiting.push(event);
    }
    this.#tell(waiting);
  }

  #tell(events: readonly StreamEvent[]): void {
    for (const slice of slices(events)) {
      this.#ring.push(slice);
      for (const { seq } of slice) {
        this.#arrived.delete(seq);
        this.#cursor = seq;
      }
      const batch = new Batch(this.stream, slice, this.#hosts);
      for (const follower of this.followers) follower.take(batch);
    }
  }

  #touchedBy(event: StreamEvent): string[] {
    return rightsTouchedBy(event, {
      hasDeclined: (userId) => [...this.of(userId)].some(({ grant }) => grant.declined),
      declined: () => [...this.followers].filter(({ grant }) => grant.declined).map(({ userId }) => userId),
    });
  }

  async #readRights(event: StreamEvent, touched: readonly string[]): Promise<void> {
    const { id } = this.stream;
    const here = touched.filter((userId) => this.#byUser.has(userId));
    const grants = here.length === 0 ? null : await this.#ports.log.grants(id, here);
    for (const [userId, grant] of grants ?? [])
      for (const follower of this.of(userId)) {
        follower.grant = grant ?? farewell(userId);
        if (grant === null && isRemovalOf(event, userId)) follower.dismiss(event.seq);
      }
    if ([...this.followers].some(({ grant }) => grant.limited)) this.#hosts = await this.#ports.log.hosts(id);
  }
}
