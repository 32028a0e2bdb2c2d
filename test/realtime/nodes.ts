/** Processes with a hub each on one database, and sinks that keep what they are sent. */
import { expect, vi } from 'vitest';
import { blanking } from '../../src/chat/index.ts';
import { systemPrincipal } from '../../src/core/actor.ts';
import type { Call } from '../../src/core/call.ts';
import type { Clock } from '../../src/core/clock.ts';
import { meetingStream, type StreamEvent, type StreamRef, userStream } from '../../src/core/event.ts';
import { Kernel } from '../../src/core/kernel.ts';
import { UnitOfWork } from '../../src/core/unit-of-work.ts';
import { connect } from '../../src/database/connection.ts';
import { append } from '../../src/events/index.ts';
import { resolveOptions } from '../../src/options.ts';
import type { Cursor } from '../../src/realtime/cursor.ts';
import type { Frame, FrameEvent } from '../../src/realtime/frame.ts';
import { Hub } from '../../src/realtime/hub.ts';
import type { RealtimeSettings } from '../../src/realtime/index.ts';
import type { Ending, Sink, Subscription } from '../../src/realtime/sink.ts';
import { Rooms } from '../../src/rooms.ts';
import { type RecordingLogger, recordingLogger } from '../events/event.ts';
import { test as base } from '../setup/service.ts';
import { FaultyBus } from './bus.ts';

/** A look at the heads that comes too late to help: what arrives has come by a hint. */
export const never = 60_000;
/** A look at the heads that comes soon. */
export const soon = 50;

/** Waits for a condition, and fails with what the condition has thrown last. */
export function eventually(condition: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(condition, { timeout: 10_000, interval: 10 });
}

/** One follower's end of the line. */
export class Ear implements Sink {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  endings: Ending[] = [];
  /** Bytes that wait, once it does not read any more. */
  bufferedBytes = 0;
  /** The most that has waited. */
  mostBuffered = 0;
  subscription: Subscription | null = null;
  #isStalled = false;
  #drains: { atMost: number; callback: () => void }[] = [];

  send(encoded: string): void {
    if (this.endings.length > 0) throw new Error('a frame after the end');
    this.texts.push(encoded);
    const frame: Frame = JSON.parse(encoded);
    this.frames.push(frame);
    if (this.#isStalled) this.bufferedBytes += Buffer.byteLength(encoded);
    this.mostBuffered = Math.max(this.mostBuffered, this.bufferedBytes);
  }

  onDrain(atMost: number, callback: () => void): void {
    if (this.bufferedBytes <= atMost) callback();
    else this.#drains.push({ atMost, callback });
  }

  ended(why: Ending): void {
    this.endings.push(why);
  }

  /** Reads nothing any more. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Reads all that waits, and on. */
  release(): void {
    this.#isStalled = false;
    this.bufferedBytes = 0;
    for (const { callback } of this.#drains.splice(0)) callback();
  }

  of<Kind extends Frame['kind']>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { kind: Kind }> => frame.kind === kind);
  }

  get events(): FrameEvent[] {
    return this.of('events').flatMap(({ events }) => events);
  }

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq);
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** What was said in chat, in the order of hearing it. */
  get words(): unknown[] {
    return this.events.filter(({ type }) => type === 'chat.message.sent').map(({ data }) => data['content']);
  }

  /** Where to go on from. */
  get cursor(): Cursor {
    for (const frame of this.frames.toReversed()) {
      if (frame.kind === 'events' || frame.kind === 'cursor') return { epoch: frame.epoch, seq: frame.to };
      if (frame.kind === 'subscribed') return { epoch: frame.epoch, seq: frame.seq };
    }
    throw new Error('nothing was subscribed to');
  }

  stop(): void {
    this.subscription?.stop();
  }
}

export interface Node extends AsyncDisposable {
  readonly hub: Hub;
  readonly logger: RecordingLogger;
  /** The texts of all statements that this node has run by themselves. */
  readonly statements: string[];
  readonly as: (userId: string) => Rooms;
  /** Follows a stream; a meeting's id stands for its stream. */
  readonly follow: (userId: string, stream: string | StreamRef, after?: Cursor | null, ear?: Ear) => Promise<Ear>;
  readonly close: (graceMs?: number) => Promise<void>;
}

export interface NodeOptions {
  readonly bus?: FaultyBus;
  readonly clock?: Clock;
  readonly settings?: Partial<RealtimeSettings>;
  /** Dies between the commit and telling of it, each time. */
  readonly isMute?: boolean;
  readonly secrets?: { anonymousPolls: string };
  /** Waits before a statement's answer is given. */
  readonly answering?: (text: string) => Promise<void>;
}

const limits = { poolSize: 6, connectTimeoutMs: 5_000, queryTimeoutMs: 10_000, lockTimeoutMs: 10_000 };

export async function openNode(url: string, options: NodeOptions = {}): Promise<Node> {
  const { bus = new FaultyBus(), clock, settings = {}, isMute = false, secrets, answering } = options;
  const logger = recordingLogger();
  const given = { database: { url }, logger, realtime: { headCheckMs: never, ...settings } };
  const resolved = resolveOptions({ ...given, ...(clock ? { clock } : {}), ...(secrets ? { secrets } : {}) });
  const connection = await connect({ url }, 'convoke', limits);
  const statements: string[] = [];
  const execute = connection.execute.bind(connection);
  vi.spyOn(connection, 'execute').mockImplementation(async (text, parameters) => {
    statements.push(text);
    const rows = await execute(text, parameters);
    await answering?.(text);
    return rows;
  });
  const announced: { deliver: (events: readonly StreamEvent[]) => void } = { deliver: () => {} };
  const deliver = (events: readonly StreamEvent[]) => announced.deliver(events);
  const unitOfWork = new UnitOfWork({ database: connection, clock: resolved.clock, logger, append, deliver });
  const kernel = new Kernel(unitOfWork, resolved);
  const hub = new Hub({ kernel, backplane: bus.backplane(), settings: resolved.realtime, blanking });
  if (!isMute) announced.deliver = (events) => hub.announce(events);
  await hub.start();
  const call: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };
  let isOpen = true;
  const close = async (graceMs = 1_000) => {
    if (!isOpen) return;
    isOpen = false;
    await hub.close(graceMs);
    await connection.close();
  };
  return {
    ...{ hub, logger, statements, close },
    as: (userId) => new Rooms(kernel, {}, { ...call, principal: { kind: 'person', userId } }),
    follow: async (userId, stream, after = null, ear = new Ear()) => {
      const ref = typeof stream === 'string' ? meetingStream(stream) : stream;
      ear.subscription = await hub.subscribe({ stream: ref, userId, after, sink: ear });
      return ear;
    },
    [Symbol.asyncDispose]: () => close(),
  };
}

/** A person's own stream. */
export const own = userStream;

/** `test` with nodes on the file's database, closed after each test. */
export const test = base.extend<{ node: (options?: NodeOptions) => Promise<Node> }>({
  node: async ({ url, clock }, use) => {
    const nodes: Node[] = [];
    await use(async (options = {}) => {
      const node = await openNode(url, { clock, ...options });
      nodes.push(node);
      return node;
    });
    for (const node of nodes) await node.close();
  },
});

/** The events came one by one, none twice, none missing. */
export function expectDense(seqs: readonly number[], after: number): void {
  expect(seqs).toEqual(seqs.map((_, index) => after + 1 + index));
}
