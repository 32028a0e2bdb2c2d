import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type SessionLeftReason, sessionLeftReasons } from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'ParticipantSession',
  tableName: 'meeting_participant_sessions',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p.manyToOne(Meeting).ref().deleteRule('cascade').foreignKeyName('meeting_participant_sessions_meeting_id_fkey'),
    authUserId: p.uuid().nullable(),
    externalIdentity: p.json<Record<string, unknown>>().nullable(),
    source: p.string().length(50).default('host'),
    connectionId: p.string().length(255).default(''),
    externalEventKey: p.string().length(255).nullable(),
    joinedAt: p.datetime(),
    leftAt: p.datetime().nullable(),
    leftReason: p.enum(sessionLeftReasons).nullable(),
    lastHeartbeatAt: p.datetime().nullable(),
    nodeId: p.uuid().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
  indexes: [
    { name: 'idx_meeting_participant_sessions_user', properties: ['meeting', 'authUserId'] },
    {
      name: 'idx_meeting_participant_sessions_node',
      properties: ['nodeId'],
      where: "node_id is not null and (left_at is null or left_reason = 'node-lost')",
    },
    {
      name: 'idx_meeting_participant_sessions_connection',
      properties: ['connectionId'],
      where: "left_at is null and connection_id <> ''",
    },
  ],
  uniques: [
    {
      name: 'meeting_participant_sessions_open_key',
      properties: ['meeting', 'authUserId', 'source', 'connectionId'],
      where: 'left_at is null',
    },
    {
      name: 'meeting_participant_sessions_external_event_key',
      properties: ['meeting', 'source', 'externalEventKey'],
    },
  ],
  checks: [
    {
      name: 'meeting_participant_sessions_identity_check',
      expression: 'auth_user_id is not null or external_identity is not null',
    },
    { name: 'meeting_participant_sessions_span_check', expression: 'left_at >= joined_at' },
  ],
});

/** Columns of `meeting_participant_sessions`: each stay of each connection, the source of all attendance. */
export interface ParticipantSessionProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  /** Null for a guest that nobody has claimed yet. */
  authUserId: string | null | undefined;
  /** How a video platform knows the guest. */
  externalIdentity: Record<string, unknown> | null | undefined;
  /** `host` for the application itself, else the video platform. */
  source: Opt<string>;
  /** Tells the devices of one person apart; one session is open for each. */
  connectionId: Opt<string>;
  /** The platform's own key of the fact, so that a fact told twice is one session. */
  externalEventKey: string | null | undefined;
  joinedAt: Date;
  leftAt: Date | null | undefined;
  leftReason: SessionLeftReason | null | undefined;
  /** Null until the first sign of life; only from then on can silence end the session. */
  lastHeartbeatAt: Date | null | undefined;
  /** The process that holds the connection, where it is one that the service drives; of `meeting_realtime_nodes`, while it lasts. */
  nodeId: string | null | undefined;
  createdAt: Opt<Date>;
}

const ParticipantSessionBase: EntityCtor<ParticipantSessionProps> = schema.class;
/** One stay of one connection: one row of `meeting_participant_sessions`. */
export class ParticipantSession extends ParticipantSessionBase {}
schema.setClass(ParticipantSession);
