import { defineEntity, type EntityCtor, type Opt, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'EventConsumer',
  tableName: 'meeting_event_consumers',
  schema: '*',
  properties: {
    name: p.string().length(100).primary(),
    positionTx: p.string().columnType('xid8').nullable(),
    positionStreamKind: p.smallint().nullable(),
    positionStreamId: p.uuid().nullable(),
    positionSeq: p.bigint('number').nullable(),
    leaseOwner: p.uuid().nullable(),
    leaseUntil: p.datetime().nullable(),
    attempts: p.integer().default(0),
    parkedAt: p.datetime().nullable(),
    lastError: p.text().nullable(),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

/** Columns of `meeting_event_consumers`: how far each reader of the whole log has come, and who reads for it now. */
export interface EventConsumerProps {
  name: string;
  /** With the three columns after it, the last event done; null is none. */
  positionTx: string | null | undefined;
  positionStreamKind: number | null | undefined;
  positionStreamId: string | null | undefined;
  positionSeq: number | null | undefined;
  leaseOwner: string | null | undefined;
  leaseUntil: Date | null | undefined;
  /** Failures in a row at the current position. */
  attempts: Opt<number>;
  /** When the consumer was given up on; null while it runs. */
  parkedAt: Date | null | undefined;
  lastError: string | null | undefined;
  updatedAt: Opt<Date>;
}

const EventConsumerBase: EntityCtor<EventConsumerProps> = schema.class;
/** A reader of the event log: one row of `meeting_event_consumers`. */
export class EventConsumer extends EventConsumerBase {}
schema.setClass(EventConsumer);
