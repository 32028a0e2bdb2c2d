import type { z } from 'zod';

/** A stream of numbered events: one per meeting, and one per person for what reaches people outside the room. */
export interface StreamRef {
  readonly kind: 'meeting' | 'user';
  readonly id: string;
}

/** Who may see an event: everybody in the meeting, its Host and CoHosts, or exactly these people. */
export type Audience = 'all' | 'hosts' | { readonly users: readonly string[] };

/** An event before it has its number. The log gives it one in the transaction that writes the facts it tells. */
export interface EventDraft {
  readonly id: string;
  readonly stream: StreamRef;
  readonly type: string;
  readonly audience: Audience;
  /** Who did it; null for the system, and always null where saying it would break a secret. */
  readonly actorId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Version 1 of the envelope: what listeners, transports and the log carry. */
export interface StreamEvent<Type extends string = string, Data = Readonly<Record<string, unknown>>> {
  /** UUIDv7. The same event delivered twice has the same id. */
  readonly id: string;
  readonly stream: StreamRef;
  /** Position in the stream: 1, 2, 3 … without a gap, in commit order. */
  readonly seq: number;
  /** Changes only when a stream was restored with loss: a cursor of another epoch is worthless. */
  readonly epoch: string;
  /** The `seq` before this one in the same audience lane, 0 for the first: tells hidden from lost. */
  readonly prev: number;
  readonly type: Type;
  /** ISO 8601, milliseconds, UTC. */
  readonly time: string;
  readonly audience: Audience;
  readonly actorId: string | null;
  readonly data: Data;
  /** The contents were blanked later (a deleted message); the place in the stream stays. */
  readonly redacted?: true;
}

export interface EventDefinition<Data extends z.ZodType = z.ZodType> {
  /** One line for the catalogue. */
  readonly about: string;
  /** Who sees it, in words, for the catalogue. */
  readonly audience: string;
  readonly data: Data;
}

/** A room's slice of the catalogue. Data is checked when an event is drafted, so nothing malformed is ever stored. */
export function defineEvents<const Slice extends Record<string, EventDefinition>>(slice: Slice): Slice {
  return slice;
}

/** What the data of an event may be given as. */
export type EventData<Slice extends Record<string, EventDefinition>, Name extends keyof Slice> = z.input<
  Slice[Name]['data']
>;

export function meetingStream(id: string): StreamRef {
  return { kind: 'meeting', id };
}

export function userStream(id: string): StreamRef {
  return { kind: 'user', id };
}

/** How kinds of stream are stored. */
export const streamKinds = { meeting: 0, user: 1 } as const;
