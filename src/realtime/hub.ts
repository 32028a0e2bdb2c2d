import type { Backplane, Hint } from '../backplanes/backplane.ts';
import { MeetingError } from '../core/errors.ts';
import type { StreamEvent, StreamRef } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { within } from '../core/within.ts';
import type { Cursor } from './cursor.ts';
import { closeCodes, type ResetReason } from './frame.ts';
import { RealtimeLog } from './log.ts';
import { type Head, streamKey } from './reading.statements.ts';
import type { Blanking } from './ring.ts';
import { Room, type RoomPorts } from './room.ts';
import type { RealtimeSettings } from './settings.ts';
import { Signals } from './signals.ts';
import { type Ending, type Outlet, outletOf, SharedFrame, type Sink, type Subscription } from './sink.ts';

/** What a hub stands on. */
export interface HubOptions {
  readonly kernel: Kernel;
  readonly backplane: Backplane;
  readonly settings: RealtimeSettings;
  /** See {@link Blanking}: what is given to those who come back must not hold words that were taken back. */
  readonly blanking: Blanking;
}

/** How the live streams are doing. */
export interface RealtimeHealth {
  /** Streams that somebody follows in this process. */
  readonly streams: number;
  readonly subscriptions: number;
  /** Hints to and from other processes; while they fail, what happens elsewhere comes a second later. */
  readonly backplane: { readonly connected: boolean; readonly dropped: number; readonly queued: number };
}

/** Who wants to follow what, and from where on. */
interface Following {
  readonly stream: StreamRef;
  readonly userId: string;
  /** The cursor of what was had last; null begins now. */
  readonly after: Cursor | null;
}

const shutdown: Ending = {
  code: 'UNAVAILABLE',
  message: 'The service is being closed; come back.',
  closeCode: closeCodes.shutdown,
};

/**
 * Tells followers what happens, as each may see it. The log is what is true: events pass in the order of their numbers, and a follower is
 * a cursor in it. Everything else (what this process has just committed, hints of other processes) only makes known sooner that there
 * is something to read; one look at all heads each second finds what no hint has told.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #log: RealtimeLog;
  readonly #signals: Signals;
  readonly #rooms = new Map<string, Room>();
  readonly #ports: RoomPorts;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #closed = false;

  constructor(options: HubOptions) {
    const { kernel, settings, blanking } = options;
    this.#options = options;
    this.#log = new RealtimeLog(kernel);
    this.#signals = new Signals((hints) => this.#publish(hints));
    this.#ports = {
      log: this.#log,
      logger: kernel.ports.logger,
      settings,
      blanking,
      gone: (room, userId) => this.#signals.gone(room, userId),
      empty: (room) => this.#rooms.delete(streamKey(room.stream)),
      doubtful: () => void this.look(),
    };
  }

  /** Listens to the other processes, and looks at the heads from now on. */
  async start(): Promise<void> {
    await this.#options.backplane.start({ hint: (hint) => this.#hear(hint), gap: () => void this.look() });
    this.#timer = setInterval(() => this.#tick(), this.#options.settings.headCheckMs);
    this.#timer.unref();
  }

  /**
   * Follows a stream. The first frame is `subscribed` or `reset`, and is sent before this returns. Rights are read now, whatever the
   * cursor, and again whenever an event changes them.
   * @throws MeetingError NOT_FOUND for a meeting that the person is no member of; FORBIDDEN for somebody else's own stream;
   * UNAVAILABLE once the service is closed
   */
  subscribe({ sink, ...following }: Following & { readonly sink: Sink }): Promise<Subscription> {
    return this.follow(following, outletOf(sink));
  }

  /** As {@link subscribe}, for readers in this process. */
  async follow({ stream, userId, after }: Following, outlet: Outlet): Promise<Subscription> {
    for (;;) {
      this.#refuseClosed();
      const access = await this.#log.access(stream, userId);
      this.#refuseClosed();
      const { head } = access;
      const room = this.#rooms.get(streamKey(stream)) ?? new Room(stream, head, this.#ports);
      if (room.epoch !== head.epoch) {
        await this.look(); // one of the two is out of date, and this tells which
        continue;
      }
      if (room.rightsSeq > head.seq) continue; // somebody's rights have changed since theirs were read
      const reason = resetReason(after, head, this.#options.settings.recoverMax);
      if (reason !== null) {
        outlet.put(new SharedFrame({ kind: 'reset', stream, epoch: head.epoch, seq: head.seq, reason }));
        return { stream, over: true, stop: () => {} };
      }
      const follower = room.admit(access, outlet, after?.seq ?? head.seq);
      if (!this.#rooms.has(streamKey(stream))) this.#open(room);
      follower.greet(after !== null);
      this.#signals.welcome(room, follower);
      return follower;
    }
  }

  /**
   * Says something in passing for somebody who follows the stream here. Nothing of it is stored, and it never waits.
   * @returns why it was not passed on, or null
   */
  signal(
    from: { readonly userId: string },
    kind: 'signal' | 'state',
    stream: StreamRef,
    type: string,
    data: unknown,
  ): MeetingError | null {
    return this.#signals.say(this.#rooms.get(streamKey(stream)), from.userId, kind, { type, data });
  }

  /** These were committed in this process. */
  announce(events: readonly StreamEvent[]): void {
    if (events.length === 0 || this.#closed) return;
    const last = new Map<string, StreamEvent>();
    for (const event of events) {
      const key = streamKey(event.stream);
      this.#rooms.get(key)?.arrive(event);
      if (event.seq > (last.get(key)?.seq ?? 0)) last.set(key, event);
    }
    this.#publish([...last.values()].map(({ stream, seq }) => ({ kind: 'wake', stream, seq })));
  }

  /** Looks now whether something has happened that nobody has told of: one query for all streams. */
  look(): Promise<void> {
    if (this.#looking !== null) {
      this.#lookAgain = true; // what is under way may have begun too early
      return this.#looking;
    }
    return (this.#looking = this.#look().finally(() => (this.#looking = null)));
  }

  health(): RealtimeHealth {
    const rooms = [...this.#rooms.values()];
    return {
      streams: rooms.length,
      subscriptions: rooms.reduce((total, { followers }) => total + followers.size, 0),
      backplane: this.#options.backplane.health(),
    };
  }

  /** Lets pass what was announced, for so long at most, then tells all followers to come back elsewhere. */
  async close(graceMs: number): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    const rooms = [...this.#rooms.values()];
    await within(graceMs, Promise.all(rooms.map((room) => room.settled())));
    this.#closed = true;
    for (const room of this.#rooms.values()) room.end(shutdown);
    this.#rooms.clear();
    await within(graceMs, this.#options.backplane.stop());
  }

  #open(room: Room): void {
    this.#rooms.set(streamKey(room.stream), room);
    this.#publish([{ kind: 'states-wanted', stream: room.stream }]);
  }

  async #look(): Promise<void> {
    do {
      this.#lookAgain = false;
      if (this.#rooms.size === 0 || this.#closed) return;
      const rooms = [...this.#rooms].map(([key, room]) => ({ key, room, before: room.cursor }));
      try {
        const heads = await this.#log.heads(rooms.map(({ room }) => room.stream));
        for (const { key, room, before } of rooms) this.#compare(room, heads.get(key), before);
      } catch (error) {
        this.#options.kernel.ports.logger.warn('the heads of streams could not be read', { error });
      }
    } while (this.#lookAgain);
  }

  /** @param before how far the room was before the head was read: what it has got since may be newer than the head */
  #compare(room: Room, head: Head | undefined, before: number): void {
    if (head === undefined) return;
    if (head.epoch !== room.epoch) room.reset('epoch', head);
    else if (head.seq < before) room.reset('ahead', head);
    else room.want(head.seq);
  }

  #tick(): void {
    void this.look();
    const now = performance.now();
    for (const room of this.#rooms.values()) room.tick(now);
    this.#signals.tick(this.#rooms.values(), now);
  }

  #hear(hint: Hint): void {
    const room = this.#rooms.get(streamKey(hint.stream));
    if (room === undefined) return;
    if (hint.kind === 'wake') room.want(hint.seq);
    else if (hint.kind === 'states-wanted') this.#signals.repeat(room);
    else this.#signals.hear(room, hint);
  }

  #publish(hints: readonly Hint[]): void {
    if (!this.#closed) this.#options.backplane.publish(hints);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new MeetingError('UNAVAILABLE', 'The service is closed.');
  }
}

/** Why a cursor cannot be gone on from, however well it is meant. */
function resetReason(after: Cursor | null, head: Head, recoverMax: number): ResetReason | null {
  if (after === null) return null;
  if (after.epoch !== head.epoch) return 'epoch';
  if (after.seq > head.seq) return 'ahead';
  if (after.seq < head.minSeq) return 'pruned';
  return head.seq - after.seq > recoverMax ? 'too-far' : null;
}
