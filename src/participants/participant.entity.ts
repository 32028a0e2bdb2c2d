import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import {
  type ParticipantRole,
  participantRoles,
  type ParticipationStatus,
  participationStatuses,
} from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'Participant',
  tableName: 'meeting_participants',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_participants_meeting_id_fkey')
        .index('idx_meeting_participants_meeting_id'),
    authUserId: p.uuid().index('idx_meeting_participants_auth_user_id'),
    role: p.enum(participantRoles).nativeEnumName('participant_role').default('Participant'),
    status: p
      .enum(participationStatuses)
      .nativeEnumName('participation_status')
      .default('Invited')
      .index('idx_meeting_participants_status'),
    invitedAt: p.datetime().defaultRaw('now()'),
    joinedAt: p.datetime().nullable(),
    leftAt: p.datetime().nullable(),
    totalDurationMinutes: p.integer().default(0),
    isPresenter: p.boolean().default(false),
    canShareScreen: p.boolean().default(true),
    canUseChat: p.boolean().default(true),
    removedAt: p.datetime().nullable(),
    removedBy: p.uuid().nullable(),
    upcomingAt: p.datetime().nullable(),
  },
  indexes: [
    {
      name: 'idx_meeting_participants_upcoming',
      properties: ['authUserId', 'upcomingAt', 'meeting'],
      where: 'upcoming_at is not null',
    },
  ],
  uniques: [
    { name: 'meeting_participants_meeting_id_auth_user_id_key', properties: ['meeting', 'authUserId'] },
    { name: 'meeting_participants_host_key', properties: ['meeting'], where: `role = 'Host'` },
  ],
});

/** Columns of `meeting_participants`: the roster, one row for each person of a meeting. */
export interface ParticipantProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  authUserId: string;
  /** A meeting has one Host at most. */
  role: Opt<ParticipantRole>;
  status: Opt<ParticipationStatus>;
  invitedAt: Opt<Date>;
  /** When the person came for the first time. */
  joinedAt: Date | null | undefined;
  /** When the person left last; null while present. */
  leftAt: Date | null | undefined;
  /** Whole minutes of the union of the person's sessions. */
  totalDurationMinutes: Opt<number>;
  isPresenter: Opt<boolean>;
  canShareScreen: Opt<boolean>;
  canUseChat: Opt<boolean>;
  /** Set when a host removes the person: an outsider from then on. */
  removedAt: Date | null | undefined;
  removedBy: string | null | undefined;
  /** The start of the meeting while it lies on this person's calendar, else null: makes the list of what is next cheap. */
  upcomingAt: Date | null | undefined;
}

const ParticipantBase: EntityCtor<ParticipantProps> = schema.class;
/** A person on a meeting's roster: one row of `meeting_participants`. */
export class Participant extends ParticipantBase {}
schema.setClass(Participant);
