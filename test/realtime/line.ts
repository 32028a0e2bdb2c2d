/** A connection without a network: everything that is sent is kept, and nothing drains unless the test says so. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { MeetingServiceOptions } from '../../src/options.ts';
import type { ClientMessage, Frame } from '../../src/realtime/frame.ts';
import { defaultRealtimeSettings, Sessions } from '../../src/realtime/index.ts';
import type { ConnectionSettings } from '../../src/realtime/session.ts';
import type { SessionsOptions } from '../../src/realtime/sessions.ts';
import type {
  Connection,
  ConnectionSession,
  Identity,
  RealtimeHost,
  SessionTransport,
} from '../../src/transports/session.ts';
import { recordingLogger } from '../events/event.ts';
import { openService, test as base } from '../setup/service.ts';

export class Line implements Connection {
  readonly id = randomUUID();
  readonly frames: Frame[] = [];
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  bufferedBytes = 0;
  authenticate?: (token: string) => Promise<Identity | null>;
  #drains: (() => void)[] = [];
  #session: ConnectionSession | null = null;

  open(host: RealtimeHost, identity: Identity): this {
    this.#session = host.open(this, identity);
    return this;
  }

  say(...messages: readonly (ClientMessage | string)[]): void {
    for (const message of messages)
      this.#session?.receive(typeof message === 'string' ? message : JSON.stringify(message));
  }

  hangUp(): void {
    this.#session?.closed();
  }

  send(encoded: string): void {
    if (this.closes.length > 0) throw new Error('a frame after the end');
    this.frames.push(JSON.parse(encoded));
  }

  onDrain(atMost: number, callback: () => void): void {
    if (this.bufferedBytes <= atMost) callback();
    else this.#drains.push(callback);
  }

  drain(): void {
    this.bufferedBytes = 0;
    for (const callback of this.#drains.splice(0)) callback();
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  of<Kind extends Frame['kind']>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { kind: Kind }> => frame.kind === kind);
  }
}

/** Keeps what a service offers to connections. */
export class Socketless implements SessionTransport {
  readonly kind = 'session';
  readonly specVersion = 1;
  stopped = 0;
  #host: RealtimeHost | null = null;

  start(host: RealtimeHost): void {
    this.#host = host;
  }

  stop(): void {
    this.stopped++;
  }

  connect(identity: Identity, line = new Line()): Line {
    if (this.#host === null) throw new Error('not started');
    return line.open(this.#host, identity);
  }
}

export interface Exchange {
  readonly service: MeetingService;
  readonly transport: Socketless;
  readonly connect: (userId: string, line?: Line) => Line;
}

/** `test` with services of one's own on the file's database, and lines to them. */
export const test = base.extend<{ exchange: (options?: Partial<MeetingServiceOptions>) => Promise<Exchange> }>({
  exchange: async ({ url, clock }, use) => {
    const services: MeetingService[] = [];
    await use(async (options = {}) => {
      const transport = new Socketless();
      const service = await openService(url, { clock, transport, ...options });
      services.push(service);
      return { service, transport, connect: (userId, line) => transport.connect({ userId }, line) };
    });
    for (const service of services) await service.close();
  },
});

const patient: ConnectionSettings = { pingMs: 60_000, answerMs: 60_000 };

/** Connections of nobody's meetings: for what has nothing to do with any. */
export function bareSessions(timing = patient, rooms: SessionsOptions['rooms'] = () => expect.fail('no rooms here')) {
  const logger = recordingLogger();
  /** What presence was told, in order. */
  const told: string[] = [];
  const presence = {
    close: () => Promise.resolve(),
    opened(connectionId: string, userId: string) {
      told.push(`opened ${connectionId} of ${userId}`);
      const joined = () => Promise.resolve(void told.push('joined'));
      return { joined, closed: () => void told.push('closed') };
    },
  };
  const sessions = new Sessions({
    hub: { subscribe: () => Promise.reject(new Error('nothing to follow here')), signal: () => null },
    presence,
    rooms,
    ...{ logger, transports: [], timing },
    settings: { ...defaultRealtimeSettings, highWaterBytes: 1_000, lowWaterBytes: 100, maxLagMs: 50 },
  });
  return { sessions, logger, told };
}
