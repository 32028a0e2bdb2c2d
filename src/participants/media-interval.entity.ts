import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type MediaKind, mediaKinds } from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';
import { ParticipantSession } from './participant-session.entity.ts';

const schema = defineEntity({
  name: 'MediaInterval',
  tableName: 'meeting_media_intervals',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p.manyToOne(Meeting).ref().deleteRule('cascade').foreignKeyName('meeting_media_intervals_meeting_id_fkey'),
    authUserId: p.uuid(),
    kind: p.enum(mediaKinds),
    startedAt: p.datetime(),
    endedAt: p.datetime().nullable(),
    session: () =>
      p
        .manyToOne(ParticipantSession)
        .ref()
        .nullable()
        .deleteRule('set null')
        .foreignKeyName('meeting_media_intervals_session_id_fkey'),
  },
  indexes: [
    { name: 'idx_meeting_media_intervals_user', properties: ['meeting', 'authUserId', 'kind'] },
    { name: 'idx_meeting_media_intervals_session_id', properties: ['session'], where: 'session_id is not null' },
  ],
  uniques: [
    {
      name: 'meeting_media_intervals_open_key',
      properties: ['meeting', 'authUserId', 'kind'],
      where: 'ended_at is null',
    },
    {
      name: 'meeting_media_intervals_screen_key',
      properties: ['meeting'],
      where: `kind = 'screen' and ended_at is null`,
    },
  ],
  checks: [{ name: 'meeting_media_intervals_span_check', expression: 'ended_at >= started_at' }],
});

/** Columns of `meeting_media_intervals`: from when to when something was on. One screen is shared at a time. */
export interface MediaIntervalProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  authUserId: string;
  kind: MediaKind;
  startedAt: Date;
  endedAt: Date | null | undefined;
  session: Ref<ParticipantSession> | null | undefined;
}

const MediaIntervalBase: EntityCtor<MediaIntervalProps> = schema.class;
/** A span in which a person's microphone, voice, camera, screen or hand was on: one row of `meeting_media_intervals`. */
export class MediaInterval extends MediaIntervalBase {}
schema.setClass(MediaInterval);
