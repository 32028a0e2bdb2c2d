import { defineEntity, type EntityCtor, p, type PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { EventConsumer } from './event-consumer.entity.ts';

const schema = defineEntity({
  name: 'ParkedEvent',
  tableName: 'meeting_event_parked',
  schema: '*',
  primaryKeys: ['consumer', 'tx', 'streamKind', 'streamId', 'seq'],
  properties: {
    consumer: () =>
      p
        .manyToOne(EventConsumer)
        .ref()
        .primary()
        .joinColumn('consumer')
        .deleteRule('cascade')
        .foreignKeyName('meeting_event_parked_consumer_fkey'),
    tx: p.string().columnType('xid8').primary(),
    streamKind: p.smallint().primary(),
    streamId: p.uuid().primary(),
    seq: p.bigint('number').primary(),
    eventId: p.uuid(),
    attempts: p.integer(),
    error: p.text(),
    parkedAt: p.datetime(),
    replayAt: p.datetime().nullable(),
  },
  indexes: [
    {
      // Looked at with every batch, and nearly always empty.
      name: 'idx_meeting_event_parked_replay',
      properties: ['consumer', 'replayAt'],
      where: 'replay_at is not null',
    },
  ],
});

/** Columns of `meeting_event_parked`: events that a consumer could not handle, and has left behind. */
export interface ParkedEventProps {
  [PrimaryKeyProp]?: ['consumer', 'tx', 'streamKind', 'streamId', 'seq'];
  consumer: Ref<EventConsumer>;
  /** With the three columns after it, the event's place in the log. */
  tx: string;
  streamKind: number;
  streamId: string;
  seq: number;
  eventId: string;
  /** How often it was tried, replays included. */
  attempts: number;
  /** What the last attempt failed with. */
  error: string;
  parkedAt: Date;
  /** When somebody asked for another attempt; null while it rests. */
  replayAt: Date | null | undefined;
}

const ParkedEventBase: EntityCtor<ParkedEventProps> = schema.class;
/** An event that a consumer has left behind: one row of `meeting_event_parked`. */
export class ParkedEvent extends ParkedEventBase {}
schema.setClass(ParkedEvent);
