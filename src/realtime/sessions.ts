import { person, signature } from '../core/actor.ts';
import { within } from '../core/within.ts';
import type { Connection, ConnectionSession, Identity, RealtimeHost, SessionTransport } from '../transports/session.ts';
import { Answers } from './answers.ts';
import type { CommandPorts } from './commands.ts';
import type { Connections } from './connections.ts';
import { costOf, isFull, type Points, spend } from './flood.rules.ts';
import { closeCodes } from './frame.ts';
import type { Hub } from './hub.ts';
import { type ConnectionSettings, Session, type SessionPorts } from './session.ts';
import type { RealtimeSettings } from './settings.ts';

export interface SessionsOptions extends Omit<CommandPorts, 'answers'> {
  readonly hub: Pick<Hub, 'subscribe' | 'signal'>;
  /** What people's presence hangs by. */
  readonly presence: Pick<Connections, 'opened' | 'close'>;
  readonly transports: readonly SessionTransport[];
  readonly settings: RealtimeSettings;
  /** @default a ping every 25 seconds, and 10 to answer it */
  readonly timing?: ConnectionSettings;
}

const defaultTiming: ConnectionSettings = Object.freeze({ pingMs: 25_000, answerMs: 10_000 });
const mostTickMs = 1_000;

/** Nobody is at the other end of it. */
const refused: ConnectionSession = Object.freeze({ receive: () => {}, closed: () => {} });

/** All clients that are connected to this process, whichever way they came. */
export class Sessions implements RealtimeHost {
  readonly #transports: readonly SessionTransport[];
  readonly #ports: SessionPorts & Pick<SessionsOptions, 'presence'>;
  readonly #sessions = new Set<Session>();
  /** Of each person's connections; those with the same id are one. */
  readonly #points = new Map<string, Points>();
  #timer: NodeJS.Timeout | null = null;
  #isLeaving = false;

  constructor({ transports, settings, timing = defaultTiming, ...ports }: SessionsOptions) {
    this.#transports = transports;
    this.#ports = {
      ...{ ...ports, answers: new Answers(), settings: { ...settings, ...timing } },
      spend: (userId, connectionId, length) => this.#spend(`${userId} ${connectionId}`, length),
      gone: (session) => this.#sessions.delete(session),
    };
  }

  /** From here on clients can connect. */
  async start(): Promise<void> {
    for (const transport of this.#transports) await transport.start(this);
  }

  open(connection: Connection, identity: Identity): ConnectionSession {
    if (this.#isLeaving) {
      connection.close(closeCodes.shutdown, 'The service is being closed; come back.');
      return refused;
    }
    try {
      const userId = signature(person({ userId: identity.userId }));
      const session = new Session(connection, { ...identity, userId }, this.#ports);
      this.#sessions.add(session);
      this.#keepTime();
      session.tick(performance.now()); // credentials may be over from the start
      return session;
    } catch (error) {
      this.#ports.logger.error('a connection was authenticated as nobody', { error });
      connection.close(closeCodes.unauthorized, 'These are the credentials of nobody.');
      return refused;
    }
  }

  /** Takes no new clients and begins no more commands. @returns once those under way are answered, or the time is over */
  async leave(graceMs: number): Promise<void> {
    this.#isLeaving = true;
    await within(graceMs, Promise.all([...this.#sessions].map((session) => session.leave())));
  }

  /** Tells all clients to come back elsewhere, and closes the transports. */
  async close(graceMs: number): Promise<void> {
    this.#isLeaving = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const session of [...this.#sessions])
      session.close(closeCodes.shutdown, 'The service is being closed; come back.');
    await within(graceMs, this.#ports.presence.close());
    const stopping = this.#transports.map(async (transport) => transport.stop({ graceMs }));
    for (const stopped of (await within(graceMs, Promise.allSettled(stopping))) ?? [])
      if (stopped.status === 'rejected')
        this.#ports.logger.warn('a transport failed to stop', { error: stopped.reason as unknown });
  }

  #keepTime(): void {
    const { pingMs, answerMs } = this.#ports.settings;
    this.#timer ??= setInterval(() => this.#tick(), Math.min(mostTickMs, pingMs / 2, answerMs / 2)).unref();
  }

  #tick(): void {
    const now = performance.now();
    for (const session of this.#sessions) session.tick(now);
    for (const [key, points] of this.#points) if (isFull(points, now)) this.#points.delete(key);
  }

  #spend(key: string, length: number): boolean {
    const left = spend(this.#points.get(key), costOf(length), performance.now());
    if (left !== null) this.#points.set(key, left);
    return left !== null;
  }
}
