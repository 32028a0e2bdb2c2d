import { defineEntity, type EntityCtor, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'RealtimeNode',
  tableName: 'meeting_realtime_nodes',
  schema: '*',
  properties: {
    id: p.uuid().primary(),
    beatAt: p.datetime(),
    expiresAt: p.datetime(),
    suspectedAt: p.datetime().nullable(),
    lostAt: p.datetime().nullable(),
  },
});

/** Columns of `meeting_realtime_nodes`: the processes that hold people's connections, each with the lease it lives by. */
export interface RealtimeNodeProps {
  id: string;
  /** The last sign of life, by the clock of the service. */
  beatAt: Date;
  /** With the next two, by the clock of the database. */
  expiresAt: Date;
  /** When its lease was first found to have run out; null again with the next beat. */
  suspectedAt: Date | null | undefined;
  /** When somebody set about ending what it carried, the last time if several did; from then on it cannot come back under this id. */
  lostAt: Date | null | undefined;
}

const RealtimeNodeBase: EntityCtor<RealtimeNodeProps> = schema.class;
/** A process that holds connections: one row of `meeting_realtime_nodes`. */
export class RealtimeNode extends RealtimeNodeBase {}
schema.setClass(RealtimeNode);
