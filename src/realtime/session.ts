import { toMeetingError } from '../core/driver-error.ts';
import { isMeetingError, MeetingError } from '../core/errors.ts';
import type { Connection, ConnectionSession, Identity } from '../transports/session.ts';
import { type CommandPorts, joining, perform } from './commands.ts';
import type { Connections, OpenConnection } from './connections.ts';
import { FollowedStreams } from './followed.ts';
import { type CloseCode, closeCodes, type Frame } from './frame.ts';
import type { Hub } from './hub.ts';
import { readMessage } from './message.rules.ts';
import type { CommandMessage, ReadMessage } from './message.schema.ts';
import type { RealtimeSettings } from './settings.ts';

/** Numbers of connections, in milliseconds. */
export interface ConnectionSettings {
  /** Between two pings. */
  readonly pingMs: number;
  /** For so long after a ping may nothing be heard. */
  readonly answerMs: number;
}

export interface SessionPorts extends CommandPorts {
  readonly hub: Pick<Hub, 'subscribe' | 'signal'>;
  readonly presence: Pick<Connections, 'opened'>;
  readonly settings: ConnectionSettings & Pick<RealtimeSettings, 'highWaterBytes' | 'lowWaterBytes' | 'maxLagMs'>;
  /** Takes points off a person's connection; false where it has too few left. */
  readonly spend: (userId: string, connectionId: string, length: number) => boolean;
  /** The connection is no more. */
  readonly gone: (session: Session) => void;
}

/** Messages that cannot be read, until the connection is given up. */
const mostUnreadable = 5;
/** Commands of one connection that may wait for their turn; a client that knows its manners has no more without an answer. */
const mostCommands = 256;

/** One client: reads what it says, and says what it is to hear, in the order in which either came. */
export class Session implements ConnectionSession {
  readonly #connection: Connection;
  readonly #ports: SessionPorts;
  readonly #streams: FollowedStreams;
  #identity: Identity;
  /** Null until there is something that presence could hang by: messages on their own are no sign of it. */
  #presence: OpenConnection | null = null;
  #commands: Promise<void> = Promise.resolve();
  #waiting = 0;
  #unreadable = 0;
  #heardAt: number;
  #pingedAt: number;
  /** Since when more has waited to be sent than should. */
  #fullSince: number | null = null;
  #isLeaving = false;
  #over = false;

  /** @param identity of a valid person */
  constructor(connection: Connection, identity: Identity, ports: SessionPorts) {
    this.#connection = connection;
    this.#identity = identity;
    this.#ports = ports;
    this.#streams = new FollowedStreams({
      ...{ connection, hub: ports.hub },
      say: (frame) => this.#say(frame),
      close: (code, reason) => this.close(code, reason),
    });
    this.#heardAt = this.#pingedAt = performance.now();
  }

  get over(): boolean {
    return this.#over;
  }

  receive(text: string): void {
    if (this.#over) return;
    this.#heardAt = performance.now();
    if (!this.#ports.spend(this.#identity.userId, this.#connection.id, text.length))
      return this.close(closeCodes.flooding, 'Too many messages; wait a moment.');
    if (this.#isExpired()) return this.close(closeCodes.expired, 'The credentials have expired.');
    const message = readMessage(text);
    if (isMeetingError(message)) this.#refuse(message);
    else this.#take(message);
  }

  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#streams.end();
    this.#presence?.closed();
    this.#ports.gone(this);
  }

  close(code: CloseCode, reason: string): void {
    if (this.#over) return;
    this.closed();
    this.#connection.close(code, reason);
  }

  /** Begins no more commands: they will be sent again, to another process. @returns once those that have begun are answered */
  leave(): Promise<void> {
    this.#isLeaving = true;
    return this.#commands;
  }

  /** Once in a while: asks whether anybody is there, and gives up on whoever is not, may not be any more, or does not read. */
  tick(now: number): void {
    if (this.#over) return;
    const { pingMs, answerMs, maxLagMs } = this.#ports.settings;
    this.#fullSince = this.#isFull() ? (this.#fullSince ?? now) : null;
    if (this.#isExpired()) this.close(closeCodes.expired, 'The credentials have expired.');
    else if (now - this.#heardAt >= pingMs + answerMs) this.close(closeCodes.silent, 'No answer to pings.');
    else if (this.#fullSince !== null && now - this.#fullSince > maxLagMs)
      this.close(closeCodes.slow, 'Too much was waiting to be read.');
    else if (now - this.#pingedAt >= pingMs) {
      this.#pingedAt = now;
      this.#say({ kind: 'ping' });
    }
  }

  #take(message: ReadMessage): void {
    switch (message.kind) {
      case 'subscribe':
        this.#open();
        return void this.#streams.follow(this.#identity.userId, message.stream, message.after ?? null);
      case 'unsubscribe':
        return this.#streams.leave(message.stream);
      case 'command':
        return this.#enqueue(message);
      case 'signal':
      case 'state':
        return this.#passOn(message);
      case 'authenticate':
        return void this.#authenticate(message.token);
      case 'pong':
        return;
    }
  }

  #enqueue(command: CommandMessage): void {
    if (this.#isLeaving) return;
    if (this.#waiting >= mostCommands)
      return this.#fail(
        command.id,
        new MeetingError('BUSY', `${mostCommands} commands wait already; wait for answers.`),
      );
    this.#waiting++;
    this.#commands = this.#commands.then(() => this.#perform(command)).finally(() => this.#waiting--);
  }

  async #perform(command: CommandMessage): Promise<void> {
    // Whoever does not read the answers gets no more done.
    if (this.#isFull()) await this.#drained();
    if (this.#over || this.#isLeaving) return;
    const by = { userId: this.#identity.userId, connectionId: this.#connection.id };
    const presence = command.operation === joining ? this.#open() : null;
    const answer = await perform(command, by, this.#ports);
    if (answer.kind === 'done') void presence?.joined();
    this.#say(answer);
  }

  #open(): OpenConnection {
    return (this.#presence ??= this.#ports.presence.opened(this.#connection.id, this.#identity.userId));
  }

  #passOn({ kind, stream, type, data }: Extract<ReadMessage, { readonly kind: 'signal' | 'state' }>): void {
    const refusal = this.#ports.hub.signal(this.#identity, kind, stream, type, data);
    // In passing, too: it is not kept for who reads late.
    if (refusal !== null && !this.#isFull()) this.#fail(null, refusal);
  }

  async #authenticate(token: string): Promise<void> {
    try {
      if (this.#connection.authenticate === undefined)
        throw new MeetingError('NOT_CONFIGURED', 'New credentials cannot be sent over this connection.');
      const identity = await this.#connection.authenticate(token);
      if (identity?.userId.toLowerCase() === this.#identity.userId)
        this.#identity = { ...identity, userId: this.#identity.userId };
      else this.close(closeCodes.unauthorized, 'These are not the credentials of who has connected.');
    } catch (error) {
      this.#fail(null, toMeetingError(error));
    }
  }

  #refuse(error: MeetingError): void {
    this.#fail(null, error);
    if (++this.#unreadable >= mostUnreadable)
      this.close(closeCodes.badMessage, 'Too many messages that cannot be read.');
  }

  #fail(id: string | null, { code, message, details }: MeetingError): void {
    this.#say({ kind: 'failed', id, code, message, details });
  }

  #say(frame: Frame): void {
    if (!this.#over) this.#connection.send(JSON.stringify(frame));
  }

  #isFull(): boolean {
    return this.#connection.bufferedBytes > this.#ports.settings.highWaterBytes;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#connection.onDrain(this.#ports.settings.lowWaterBytes, resolve));
  }

  /** A time that is none has passed. */
  #isExpired(): boolean {
    const { expiresAt } = this.#identity;
    return expiresAt !== undefined && !(expiresAt.getTime() > Date.now());
  }
}
