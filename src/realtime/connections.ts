import { systemPrincipal } from '../core/actor.ts';
import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { sweep } from '../core/sweep.ts';
import { endWithConnections, followNode, joinAgain, type NamedConnection } from '../participants/index.ts';
import { attach, carriedBy, namingNode } from './attach.statements.ts';
import { NodeLease } from './leases.ts';
import { defaultPresenceSettings, type PresenceSettings } from './presence-settings.ts';
import { reapNodes } from './reaping.ts';

const call: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };

/** So many connections are dealt with by one statement. */
const batchSize = 500;
/** So many are asked with each beat whether they have come to carry something: the others with the next ones. */
const askedPerBeat = 1_000;

/** An open connection. */
export interface OpenConnection {
  /**
   * Its person has joined with its name: it carries that session from here on, or has left already, where it is long gone.
   * @returns when that is written, or could not be and will be tried again with the next beat
   */
  joined(): Promise<void>;
  /** It is gone, whoever closed it. Closing twice is closing once. */
  closed(): void;
}

interface Known extends NamedConnection {
  /** A client that comes back may do so before its old socket is known to be dead. */
  sockets: number;
  /** Runs while nothing of it is open any more. */
  grace: NodeJS.Timeout | null;
}

/** How the connections of this process are doing. */
export interface ConnectionsHealth {
  readonly open: number;
  /** Closed, with some time to come back. */
  readonly leaving: number;
  /** Null before the first connection, and while the database has not heard of it. */
  readonly nodeId: string | null;
}

/**
 * The open connections of this process, and the presence that hangs by them. Sessions that were joined with the name of a connection
 * leave when it is closed for longer than the grace; those of a process that dies leave with its lease. Nothing is written for
 * whoever only watches but one row for the whole process.
 */
export class Connections {
  readonly #kernel: Kernel;
  readonly #settings: PresenceSettings;
  readonly #lease: NodeLease;
  readonly #known = new Map<string, Known>();
  /** Whose sessions are to name this node; true where they may name another by now. */
  readonly #attaching = new Map<string, { readonly connection: Known; readonly takesOver: boolean }>();
  /** Whose grace is over. */
  readonly #gone = new Map<string, Known>();
  readonly #stopping = new AbortController();
  #asking: Iterator<[string, Known]> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #tending: Promise<void> | null = null;
  #flushing: Promise<void> | null = null;
  #leaving: Promise<void> | null = null;

  constructor(kernel: Kernel, settings: PresenceSettings = defaultPresenceSettings) {
    this.#kernel = kernel;
    this.#settings = settings;
    this.#lease = new NodeLease(kernel, call, settings.leaseMs);
  }

  /**
   * Somebody has connected. If a connection of theirs has that name already, here or in another process, or had it until a moment
   * ago, this is it again, and whatever it carries goes on.
   */
  opened(connectionId: string, userId: string): OpenConnection {
    const key = keyOf({ connectionId, userId });
    const connection = this.#known.get(key) ?? { connectionId, userId, sockets: 0, grace: null };
    this.#known.set(key, connection);
    this.#gone.delete(key);
    connection.sockets++;
    if (connection.grace !== null) clearTimeout(connection.grace);
    connection.grace = null;
    this.#start();
    void this.#attach(key, connection, true);
    let isOpen = true;
    return {
      joined: () => this.#joined(key, connection),
      closed: () => {
        if (isOpen && --connection.sockets === 0) this.#closed(key, connection);
        isOpen = false;
      },
    };
  }

  health(): ConnectionsHealth {
    const open = [...this.#known.values()].filter(({ sockets }) => sockets > 0).length;
    const nodeId = this.#lease.isRegistered ? this.#lease.id : null;
    return { open, leaving: this.#known.size - open, nodeId };
  }

  /** Lets go of all connections: they have as long as a lease to come back elsewhere, then their people have left. */
  async close(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const { grace } of this.#known.values()) if (grace !== null) clearTimeout(grace);
    await Promise.all([this.#tending, this.#flushing, this.#leaving]);
    this.#known.clear();
    await this.#lease.retire().catch((error: unknown) => {
      this.#kernel.ports.logger.warn('the process could not sign off', { error });
    });
  }

  /** Whoever joined with a connection of this process without its being told is found by asking, within some beats. */
  async #joined(key: string, connection: Known): Promise<void> {
    if (this.#known.has(key)) return this.#attach(key, connection, false);
    this.#gone.set(key, connection);
    await this.#leave();
  }

  #start(): void {
    if (this.#timer !== null || this.#stopping.signal.aborted) return;
    this.#timer = setInterval(() => void this.#beat(), this.#settings.beatMs);
    this.#timer.unref();
  }

  async #beat(): Promise<void> {
    // What there is to do may take longer than a beat, and must not keep the next one waiting.
    if (!(await this.#lease.beat()) || this.#stopping.signal.aborted) return;
    this.#tending ??= this.#tend().finally(() => (this.#tending = null));
  }

  /** What has to be seen to again and again: what failed, what nobody told of, and other processes. */
  async #tend(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#try('connections could not take their sessions along', () => this.#follow(signal));
    this.#ask();
    await this.#flush();
    await this.#leave();
    await this.#try('lost processes could not be swept up after', async () => {
      if (!signal.aborted) await reapNodes(this.#kernel, call, signal, this.#settings.beatMs);
    });
  }

  async #try(failing: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#kernel.ports.logger.warn(failing, { error });
    }
  }

  /** Who joined in another process, or inside a transaction that was not over yet, is found by asking. */
  #ask(): void {
    this.#asking ??= this.#known.entries();
    for (let asked = 0; asked < askedPerBeat; asked++) {
      const next = this.#asking.next();
      if (next.done === true) {
        this.#asking = null;
        return;
      }
      const [key, connection] = next.value;
      if (!this.#attaching.has(key)) this.#attaching.set(key, { connection, takesOver: false });
    }
  }

  #attach(key: string, connection: Known, takesOver: boolean): Promise<void> {
    this.#attaching.set(key, { connection, takesOver: takesOver || this.#attaching.get(key)?.takesOver === true });
    return this.#flush();
  }

  /** One after another, so that what comes meanwhile goes together. */
  async #flush(): Promise<void> {
    await this.#flushing;
    await (this.#flushing ??= this.#try('connections could not be written on their sessions', () =>
      this.#writeNode(),
    ).finally(() => (this.#flushing = null)));
  }

  async #writeNode(): Promise<void> {
    const all = [...this.#attaching];
    for (let begin = 0; begin < all.length; begin += batchSize) {
      if (this.#stopping.signal.aborted || !(this.#lease.isRegistered || (await this.#lease.beat()))) return;
      const batch = all.slice(begin, begin + batchSize);
      const { people, connections } = columnsOf(batch.map(([, { connection }]) => connection));
      const takesOver = batch.map(([, one]) => Number(one.takesOver));
      const parameters = [this.#lease.id, people, connections, takesOver];
      const { alive, left_over: leftOver } = await this.#kernel.run(call, (work) => work.one(attach, parameters), {
        singleStatement: true,
      });
      // The next beat finds out under which id to try again.
      if (!alive || leftOver > 0) continue;
      for (const [key, one] of batch) if (this.#attaching.get(key) === one) this.#attaching.delete(key);
    }
  }

  #closed(key: string, connection: Known): void {
    this.#attaching.delete(key);
    if (this.#stopping.signal.aborted) return;
    connection.grace = setTimeout(() => {
      this.#known.delete(key);
      this.#gone.set(key, connection);
      void this.#leave();
    }, this.#settings.leaveGraceMs);
    connection.grace.unref();
  }

  /** One after another: a lecture hall that empties at once leaves in a few transactions. */
  async #leave(): Promise<void> {
    await this.#leaving;
    await (this.#leaving ??= this.#try('closed connections could not leave', () => this.#endGone()).finally(
      () => (this.#leaving = null),
    ));
  }

  async #endGone(): Promise<void> {
    while (this.#gone.size > 0 && !this.#stopping.signal.aborted) {
      const gone = [...this.#gone].slice(0, batchSize);
      const { people, connections } = columnsOf(gone.map(([, connection]) => connection));
      const node = this.#lease.id;
      const carried = await this.#kernel.read(call, (work) => work.run(carriedBy, [node, people, connections]));
      await sweep([...byMeeting(carried)], this.#stopping.signal, ([meetingId, named]) =>
        endWithConnections(
          this.#kernel,
          call,
          meetingId,
          node,
          // Whoever has come back meanwhile stays.
          named.filter((one) => this.#gone.has(keyOf(one))),
        ),
      );
      for (const [key, connection] of gone) if (this.#gone.get(key) === connection) this.#gone.delete(key);
    }
  }

  /** After this process was taken for dead: what is open still goes on, and who was said to have left comes back. */
  async #follow(signal: AbortSignal): Promise<void> {
    for (const former of this.#lease.formers) {
      const rows = await this.#kernel.read(call, (work) => work.run(namingNode, [former]));
      const ours = [...byMeeting(rows)].map(
        ([meetingId, named]) => [meetingId, named.filter((one) => this.#known.has(keyOf(one)))] as const,
      );
      const node = { former, current: this.#lease.id };
      await sweep(ours, signal, async ([meetingId, named]) => {
        if (named.length === 0) return 0;
        const lost = await followNode(this.#kernel, call, meetingId, node, named);
        return sweep(lost, signal, (connection) => this.#joinAgain(meetingId, connection));
      });
      if (signal.aborted) return;
      this.#lease.settled(former);
    }
  }

  async #joinAgain(meetingId: string, named: NamedConnection): Promise<number> {
    const connection = this.#known.get(keyOf(named));
    // Whoever closed it meanwhile has left already.
    if (connection === undefined || connection.sockets === 0) return 0;
    if (!(await joinAgain(this.#kernel, meetingId, named))) return 0;
    await this.#joined(keyOf(named), connection);
    return 1;
  }
}

function keyOf({ userId, connectionId }: NamedConnection): string {
  return `${userId} ${connectionId}`;
}

function columnsOf(named: readonly NamedConnection[]): { people: string[]; connections: string[] } {
  return {
    people: named.map(({ userId }) => userId),
    connections: named.map(({ connectionId }) => connectionId),
  };
}

function byMeeting(
  rows: readonly { meeting_id: string; auth_user_id: string; connection_id: string }[],
): ReadonlyMap<string, readonly NamedConnection[]> {
  const named = rows.map((row) => ({
    meetingId: row.meeting_id,
    userId: row.auth_user_id,
    connectionId: row.connection_id,
  }));
  return Map.groupBy(named, (one) => one.meetingId);
}
