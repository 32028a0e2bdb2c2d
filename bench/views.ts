/** Plain answers made from rows with the columns' own names, as `pg` gives them: times are `Date`s already. */
import type { MeetingView, ParticipantView } from '../src/index.ts';
import type { MessageView } from './operations.ts';

export interface ParticipantRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly auth_user_id: string;
  readonly role: ParticipantView['role'];
  readonly status: ParticipantView['status'];
  readonly invited_at: Date;
  readonly joined_at: Date | null;
  readonly left_at: Date | null;
  readonly total_duration_minutes: number;
  readonly is_presenter: boolean;
  readonly can_share_screen: boolean;
  readonly can_use_chat: boolean;
}

export function participantView(row: ParticipantRow, handRaisedAt: Date | null = null): ParticipantView {
  return {
    id: row.id,
    meetingId: row.meeting_id,
    authUserId: row.auth_user_id,
    role: row.role,
    status: row.status,
    invitedAt: row.invited_at,
    joinedAt: row.joined_at,
    leftAt: row.left_at,
    totalDurationMinutes: row.total_duration_minutes,
    isPresenter: row.is_presenter,
    canShareScreen: row.can_share_screen,
    canUseChat: row.can_use_chat,
    isPresent: row.joined_at !== null && row.left_at === null,
    handRaisedAt,
  };
}

export interface MessageRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly sender_id: string;
  readonly message_type: MessageView['messageType'];
  readonly content: string;
  readonly reply_to_message_id: string | null;
  readonly is_private: boolean;
  readonly recipient_id: string | null;
  readonly sent_at: Date;
  readonly edited_at: Date | null;
  readonly deleted_at: Date | null;
  readonly client_message_id: string | null;
}

export function messageView(row: MessageRow): MessageView {
  return {
    id: row.id,
    meetingId: row.meeting_id,
    senderId: row.sender_id,
    messageType: row.message_type,
    content: row.deleted_at === null ? row.content : null,
    replyToMessageId: row.reply_to_message_id,
    isPrivate: row.is_private,
    recipientId: row.recipient_id,
    sentAt: row.sent_at,
    editedAt: row.edited_at,
    deletedAt: row.deleted_at,
    clientMessageId: row.client_message_id,
  };
}

export interface MeetingRow {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly meeting_type: MeetingView['meetingType'];
  readonly creator_id: string;
  readonly party_id: string | null;
  readonly guild_id: string | null;
  readonly class_id: string | null;
  readonly subject_id: string | null;
  readonly scheduled_start_time: Date;
  readonly scheduled_end_time: Date;
  readonly actual_start_time: Date | null;
  readonly actual_end_time: Date | null;
  readonly timezone: string;
  readonly max_participants: number | null;
  readonly current_participants_count: number;
  readonly status: MeetingView['status'];
  readonly is_recurring: boolean;
  readonly recurrence_pattern: Record<string, unknown> | null;
  readonly recording_enabled: boolean;
  readonly has_password: boolean;
  readonly has_recording: boolean;
  readonly series_id: string | null;
  readonly template_id: string | null;
  readonly settings: MeetingView['settings'];
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export function meetingView(row: MeetingRow): MeetingView {
  return {
    id: row.id,
    title: row.title,
    description: row.description,
    meetingType: row.meeting_type,
    creatorId: row.creator_id,
    partyId: row.party_id,
    guildId: row.guild_id,
    classId: row.class_id,
    subjectId: row.subject_id,
    scheduledStartTime: row.scheduled_start_time,
    scheduledEndTime: row.scheduled_end_time,
    actualStartTime: row.actual_start_time,
    actualEndTime: row.actual_end_time,
    timezone: row.timezone,
    maxParticipants: row.max_participants,
    currentParticipantsCount: row.current_participants_count,
    status: row.status,
    isRecurring: row.is_recurring,
    recurrencePattern: row.recurrence_pattern,
    recordingEnabled: row.recording_enabled,
    hasPassword: row.has_password,
    hasRecording: row.has_recording,
    seriesId: row.series_id,
    templateId: row.template_id,
    settings: row.settings,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The page that follows begins behind this row. */
export function nextPage(kind: string, values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([1, kind, ...values])).toString('base64url');
}
