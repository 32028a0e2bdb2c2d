import { defineEntity, type EntityCtor, type Opt, p, type PrimaryKeyProp } from '@mikro-orm/core';
import { type EventAudience, eventAudiences } from '../core/enums.ts';

const schema = defineEntity({
  name: 'StreamEvent',
  tableName: 'meeting_events',
  schema: '*',
  primaryKeys: ['streamKind', 'streamId', 'seq'],
  properties: {
    streamKind: p.smallint().primary(),
    streamId: p.uuid().primary(),
    seq: p.bigint('number').primary(),
    id: p.uuid().defaultRaw('gen_random_uuid()'),
    prev: p.bigint('number').defaultRaw('0'),
    type: p.string().length(100),
    occurredAt: p.datetime(),
    audience: p.enum(eventAudiences).default('all'),
    audienceUsers: p.array().columnType('uuid[]').nullable(),
    actorId: p.uuid().nullable(),
    data: p.json<Record<string, unknown>>().defaultRaw(`'{}'`),
    redacted: p.boolean().default(false),
    // Transaction ids have no order that a number keeps past 2^53, and no arithmetic is done on them here.
    tx: p.string().columnType('xid8').defaultRaw('pg_current_xact_id()'),
  },
  indexes: [
    { name: 'idx_meeting_events_feed', properties: ['tx', 'streamKind', 'streamId', 'seq'] },
    {
      // A deleted or edited message takes its words out of the events that carried them.
      name: 'idx_meeting_events_message',
      expression: (columns, table, name) =>
        `create index ${name} on ${table.qualifiedName} ((${columns.data}->>'messageId')) where ${columns.type} in ('chat.message.sent', 'chat.message.edited')`,
    },
  ],
});

/** Columns of `meeting_events`: the event log, numbered without gaps in each stream. */
export interface StreamEventProps {
  [PrimaryKeyProp]?: ['streamKind', 'streamId', 'seq'];
  /** 0 is a meeting's stream, 1 a person's own. */
  streamKind: number;
  /** The meeting's or the user's id. */
  streamId: string;
  /** 1 is the first. */
  seq: number;
  id: Opt<string>;
  /** Sequence of the event before it that the same audience may see; 0 is none. */
  prev: Opt<number>;
  type: string;
  occurredAt: Date;
  audience: Opt<EventAudience>;
  /** The users who may see it when the audience is `users`. */
  audienceUsers: string[] | null | undefined;
  actorId: string | null | undefined;
  data: Opt<Record<string, unknown>>;
  /** The data was blanked after the fact. */
  redacted: Opt<boolean>;
  /** The transaction that wrote it: consumers read in this order, up to the oldest one still open. */
  tx: Opt<string>;
}

const StreamEventBase: EntityCtor<StreamEventProps> = schema.class;
/** An event of a stream: one row of `meeting_events`. */
export class StreamEvent extends StreamEventBase {}
schema.setClass(StreamEvent);
