import { z } from 'zod';
import { invitationStatuses, participantRoles, participationStatuses } from '../core/enums.ts';
import { boundedArray, id, instant, pageInput, text } from '../core/schema.ts';
import { groupKinds } from '../directory/index.ts';

/** Input of `invitations.invite`: people, groups the host's directory knows, or both. */
export const inviteInput = z
  .strictObject({
    inviteeIds: boundedArray(id, 500).optional(),
    groups: boundedArray(z.strictObject({ kind: z.enum(groupKinds), id: z.string().min(1).max(255) }), 20).optional(),
    /** Their role in the meeting; a Host is made by `participants.transferHost` alone. @default 'Participant' */
    role: z.enum(['CoHost', 'Presenter', 'Participant', 'Observer']).default('Participant'),
    message: text(4_000).nullish(),
    /** After this an invitation that has not been answered lapses; an answer may still change. */
    expiresAt: instant.nullish(),
  })
  .refine((input) => (input.inviteeIds?.length ?? 0) + (input.groups?.length ?? 0) > 0, {
    error: 'must name at least one person or group',
    path: ['inviteeIds'],
  });
export type InviteInput = z.input<typeof inviteInput>;

/** Input of `invitations.respond`. */
export const respondInput = z.strictObject({
  response: z.enum(['Accepted', 'Declined', 'Tentative']),
  message: text(4_000).nullish(),
});
export type RespondInput = z.input<typeof respondInput>;

/** Input of `invitations.list`. */
export const invitationListInput = z.strictObject({
  ...pageInput.shape,
  status: z.enum(invitationStatuses).optional(),
});
export type InvitationListInput = z.input<typeof invitationListInput>;

/** One person's invitation to one meeting. */
export const invitationView = z.strictObject({
  id,
  meetingId: id,
  inviterId: id,
  inviteeId: id,
  role: z.enum(participantRoles),
  status: z.enum(invitationStatuses),
  message: z.string().nullable(),
  invitedAt: instant,
  respondedAt: instant.nullable(),
  responseMessage: z.string().nullable(),
  reminderSentAt: instant.nullable(),
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
});
export type InvitationView = Readonly<z.output<typeof invitationView>>;

/** Answer of `invitations.invite`, person by person. */
export const inviteResult = z.strictObject({
  invited: z.array(id),
  /** Already on the roster: nothing was changed for them. */
  alreadyInvited: z.array(id),
  failed: z.array(z.strictObject({ userId: id, reason: z.enum(['self', 'unknown-user']) })),
});
export type InviteResult = Readonly<z.output<typeof inviteResult>>;

/** Answer of `invitations.respond`. */
export const respondResult = z.strictObject({
  participationStatus: z.enum(participationStatuses),
  /** 1 is next; null when the person holds a seat or wants none. */
  waitlistPosition: z.number().nullable(),
});
export type RespondResult = Readonly<z.output<typeof respondResult>>;

/** Answer of `invitations.remind`. */
export const remindResult = z.strictObject({
  reminded: z.array(id),
  /** Reminded less than 12 hours ago, or no longer waiting for an answer. */
  skipped: z.array(id),
});
export type RemindResult = Readonly<z.output<typeof remindResult>>;
