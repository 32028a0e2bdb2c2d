import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type InvitationStatus, invitationStatuses, type ParticipantRole, participantRoles } from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'Invitation',
  tableName: 'meeting_invitations',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_invitations_meeting_id_fkey')
        .index('idx_meeting_invitations_meeting_id'),
    inviterId: p.uuid(),
    inviteeId: p.uuid().index('idx_meeting_invitations_invitee_id'),
    status: p
      .enum(invitationStatuses)
      .nativeEnumName('invitation_status')
      .default('Pending')
      .index('idx_meeting_invitations_status'),
    message: p.text().nullable(),
    invitedAt: p.datetime().defaultRaw('now()'),
    respondedAt: p.datetime().nullable(),
    responseMessage: p.text().nullable(),
    reminderSentAt: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    role: p.enum(participantRoles).nativeEnumName('participant_role').default('Participant'),
  },
  uniques: [{ name: 'meeting_invitations_meeting_id_invitee_id_key', properties: ['meeting', 'inviteeId'] }],
});

/** Columns of `meeting_invitations`: one row for each person ever asked; asking again uses the same row. */
export interface InvitationProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  inviterId: string;
  inviteeId: string;
  status: Opt<InvitationStatus>;
  message: string | null | undefined;
  invitedAt: Opt<Date>;
  respondedAt: Date | null | undefined;
  responseMessage: string | null | undefined;
  /** When the last reminder went out. */
  reminderSentAt: Date | null | undefined;
  expiresAt: Date | null | undefined;
  /** Set when somebody took the invitation back; its status is then `Expired`. */
  revokedAt: Date | null | undefined;
  /** The role the person is asked to have. */
  role: Opt<ParticipantRole>;
}

const InvitationBase: EntityCtor<InvitationProps> = schema.class;
/** An invitation of one person to one meeting: one row of `meeting_invitations`. */
export class Invitation extends InvitationBase {}
schema.setClass(Invitation);
