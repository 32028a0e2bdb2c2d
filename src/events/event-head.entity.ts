import { defineEntity, type EntityCtor, type Opt, p, type PrimaryKeyProp } from '@mikro-orm/core';

const sequence = () => p.bigint('number').defaultRaw('0');

const schema = defineEntity({
  name: 'EventHead',
  tableName: 'meeting_event_heads',
  schema: '*',
  primaryKeys: ['streamKind', 'streamId'],
  properties: {
    streamKind: p.smallint().primary(),
    streamId: p.uuid().primary(),
    epoch: p.uuid().defaultRaw('gen_random_uuid()'),
    seq: sequence(),
    publicSeq: sequence(),
    publicPrev: sequence(),
    hostsSeq: sequence(),
    hostsPrev: sequence(),
    minSeq: sequence(),
  },
});

/** Columns of `meeting_event_heads`: where each stream stands. A narrow row of its own, because every event updates it. */
export interface EventHeadProps {
  [PrimaryKeyProp]?: ['streamKind', 'streamId'];
  /** 0 is a meeting's stream, 1 a person's own. */
  streamKind: number;
  /** The meeting's or the user's id. */
  streamId: string;
  /** Changes only when events were lost, after a restore: cursors of another epoch start anew. */
  epoch: Opt<string>;
  /** Sequence of the last event. */
  seq: Opt<number>;
  /** Sequence of the last event that everybody in the stream may see. */
  publicSeq: Opt<number>;
  /** The one before it. */
  publicPrev: Opt<number>;
  /** Sequence of the last event that hosts may see. */
  hostsSeq: Opt<number>;
  /** The one before it. */
  hostsPrev: Opt<number>;
  /** Events before this sequence may have been pruned. */
  minSeq: Opt<number>;
}

const EventHeadBase: EntityCtor<EventHeadProps> = schema.class;
/** The head of an event stream: one row of `meeting_event_heads`. */
export class EventHead extends EventHeadBase {}
schema.setClass(EventHead);
