/** Who is at the other end of a connection. The host has authenticated them; the SDK never does. */
export interface Identity {
  /** UUID of the person in the host's user service. */
  readonly userId: string;
  /** When the credentials run out; the connection is closed then, unless new ones came before. Absent is never. */
  readonly expiresAt?: Date;
}

/** One client's connection, as an adapter gives it to the hub. */
export interface Connection {
  /** A name of its own: sessions that join with it as their `connectionId` leave when it closes. */
  readonly id: string;
  /** Sends a frame. Never throws; the same text is shared by many connections. */
  send(encoded: string): void;
  /** Bytes that wait in this process to be sent. */
  readonly bufferedBytes: number;
  /** Calls once, when at most so many bytes wait. */
  onDrain(atMost: number, callback: () => void): void;
  /** Closes with a code that the client is told, see `closeCodes`. */
  close(code: number, reason: string): void;
  /** Checks new credentials that the client has sent. Absent where the protocol has no way of its own. */
  authenticate?(token: string): Promise<Identity | null>;
}

/** What the hub makes of a connection. */
export interface ConnectionSession {
  /** Takes a message of the client's. */
  receive(text: string): void;
  /** The connection is gone, whoever closed it. */
  closed(): void;
}

/** What a session transport is given: the hub. */
export interface RealtimeHost {
  open(connection: Connection, identity: Identity): ConnectionSession;
}

/** The port to sockets that the SDK drives: it says what is sent to whom, the adapter sends it. */
export interface SessionTransport {
  readonly kind: 'session';
  /** Version of this contract. An adapter written for another is refused when the service is opened. */
  readonly specVersion: 1;
  /** From here on the adapter accepts connections. */
  start(host: RealtimeHost): Promise<void> | void;
  /** Takes no new connections; those that are open have been told to go by then. Ends within `graceMs`. */
  stop(options: { readonly graceMs: number }): Promise<void> | void;
}
