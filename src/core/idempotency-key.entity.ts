import { defineEntity, type EntityCtor, type Opt, p, type PrimaryKeyProp } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'meeting_idempotency_keys',
  schema: '*',
  primaryKeys: ['actorId', 'operation', 'key'],
  properties: {
    actorId: p.uuid().primary(),
    operation: p.string().length(100).primary(),
    key: p.string().length(255).primary(),
    requestHash: p.text(),
    response: p.json<Record<string, unknown> | unknown[]>().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    expiresAt: p.datetime().index('idx_meeting_idempotency_keys_expires_at'),
  },
});

/** Columns of `meeting_idempotency_keys`: the results of keyed writes, so that a repeat gets the first one. */
export interface IdempotencyKeyProps {
  [PrimaryKeyProp]?: ['actorId', 'operation', 'key'];
  actorId: string;
  operation: string;
  key: string;
  /** Tells a repeat from another request under the same key. */
  requestHash: string;
  /** Never holds a secret. */
  response: Record<string, unknown> | unknown[] | null | undefined;
  createdAt: Opt<Date>;
  expiresAt: Date;
}

const IdempotencyKeyBase: EntityCtor<IdempotencyKeyProps> = schema.class;
/** The remembered result of a keyed write: one row of `meeting_idempotency_keys`. */
export class IdempotencyKey extends IdempotencyKeyBase {}
schema.setClass(IdempotencyKey);
