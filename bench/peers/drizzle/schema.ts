/** The tables in Drizzle's words. */
import {
  bigint,
  boolean,
  integer,
  jsonb,
  numeric,
  pgTable,
  smallint,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import type {
  InvitationStatus,
  MeetingStatus,
  MeetingType,
  ParticipantRole,
  ParticipationStatus,
} from '../../../src/index.ts';
import type { MessageView, PollResults } from '../../operations.ts';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);
/** Enum columns by their labels' type: the enums themselves belong to the migrations. */
const label = <T extends string>(name: string) => text(name).$type<T>();

export const meetings = pgTable('meetings', {
  id: uuid('id').primaryKey(),
  title: varchar('title', { length: 255 }).notNull(),
  description: text('description'),
  meetingType: label<MeetingType>('meeting_type').notNull(),
  creatorId: uuid('creator_id').notNull(),
  partyId: uuid('party_id'),
  guildId: uuid('guild_id'),
  classId: uuid('class_id'),
  subjectId: uuid('subject_id'),
  scheduledStartTime: time('scheduled_start_time').notNull(),
  scheduledEndTime: time('scheduled_end_time').notNull(),
  actualStartTime: time('actual_start_time'),
  actualEndTime: time('actual_end_time'),
  timezone: varchar('timezone', { length: 50 }).notNull(),
  maxParticipants: integer('max_participants'),
  currentParticipantsCount: integer('current_participants_count').notNull().default(0),
  meetingPassword: varchar('meeting_password', { length: 255 }),
  status: label<MeetingStatus>('status').notNull(),
  isRecurring: boolean('is_recurring').notNull().default(false),
  recurrencePattern: jsonb('recurrence_pattern').$type<Record<string, unknown>>(),
  recordingEnabled: boolean('recording_enabled').notNull().default(false),
  recordingUrl: text('recording_url'),
  createdAt: time('created_at').notNull(),
  updatedAt: time('updated_at').notNull(),
  settings: jsonb('settings').$type<Record<string, unknown>>().notNull(),
  version: integer('version').notNull(),
  seriesId: uuid('series_id'),
  originalStartLocal: varchar('original_start_local', { length: 19 }),
  templateId: uuid('template_id'),
});

export const participants = pgTable('meeting_participants', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  authUserId: uuid('auth_user_id').notNull(),
  role: label<ParticipantRole>('role').notNull().default('Participant'),
  status: label<ParticipationStatus>('status').notNull().default('Invited'),
  invitedAt: time('invited_at').notNull(),
  joinedAt: time('joined_at'),
  leftAt: time('left_at'),
  totalDurationMinutes: integer('total_duration_minutes').notNull().default(0),
  isPresenter: boolean('is_presenter').notNull().default(false),
  canShareScreen: boolean('can_share_screen').notNull().default(true),
  canUseChat: boolean('can_use_chat').notNull().default(true),
  removedAt: time('removed_at'),
  removedBy: uuid('removed_by'),
  upcomingAt: time('upcoming_at'),
});

export const invitations = pgTable('meeting_invitations', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  inviterId: uuid('inviter_id').notNull(),
  inviteeId: uuid('invitee_id').notNull(),
  role: label<ParticipantRole>('role').notNull().default('Participant'),
  status: label<InvitationStatus>('status').notNull().default('Pending'),
  message: text('message'),
  invitedAt: time('invited_at').notNull(),
  respondedAt: time('responded_at'),
  responseMessage: text('response_message'),
  reminderSentAt: time('reminder_sent_at'),
  expiresAt: time('expires_at'),
  revokedAt: time('revoked_at'),
});

export const sessions = pgTable('meeting_participant_sessions', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  authUserId: uuid('auth_user_id'),
  joinedAt: time('joined_at').notNull(),
  leftAt: time('left_at'),
  leftReason: text('left_reason'),
  lastHeartbeatAt: time('last_heartbeat_at'),
  createdAt: time('created_at').notNull(),
});

export const media = pgTable('meeting_media_intervals', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  authUserId: uuid('auth_user_id').notNull(),
  kind: text('kind').notNull(),
  startedAt: time('started_at').notNull(),
  endedAt: time('ended_at'),
});

export const messages = pgTable('meeting_chat_messages', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  senderId: uuid('sender_id').notNull(),
  messageType: label<MessageView['messageType']>('message_type').notNull().default('Text'),
  content: text('content').notNull(),
  replyToMessageId: uuid('reply_to_message_id'),
  isPrivate: boolean('is_private').notNull().default(false),
  recipientId: uuid('recipient_id'),
  sentAt: time('sent_at').notNull(),
  editedAt: time('edited_at'),
  deletedAt: time('deleted_at'),
  clientMessageId: varchar('client_message_id', { length: 255 }),
});

export const polls = pgTable('meeting_polls', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  creatorId: uuid('creator_id').notNull(),
  question: text('question').notNull(),
  pollType: label<PollResults['pollType']>('poll_type').notNull(),
  options: jsonb('options').$type<string[]>().notNull(),
  isAnonymous: boolean('is_anonymous').notNull().default(false),
  isActive: boolean('is_active').notNull().default(true),
  openedAt: time('opened_at'),
  closedAt: time('closed_at'),
  closesAt: time('closes_at'),
  resultsVisibility: text('results_visibility').notNull(),
  allowChange: boolean('allow_change').notNull(),
  quorumPercent: integer('quorum_percent'),
  entitledVoters: integer('entitled_voters'),
});

export const responses = pgTable('meeting_poll_responses', {
  id: uuid('id').primaryKey(),
  pollId: uuid('poll_id').notNull(),
  respondentId: uuid('respondent_id').notNull(),
  selectedOptions: jsonb('selected_options').$type<number[]>().notNull(),
  responseText: text('response_text'),
  respondedAt: time('responded_at').notNull(),
});

export const heads = pgTable('meeting_event_heads', {
  streamKind: smallint('stream_kind').notNull(),
  streamId: uuid('stream_id').notNull(),
  seq: count('seq'),
  publicSeq: count('public_seq'),
  publicPrev: count('public_prev'),
  hostsSeq: count('hosts_seq'),
  hostsPrev: count('hosts_prev'),
});

export const events = pgTable('meeting_events', {
  streamKind: smallint('stream_kind').notNull(),
  streamId: uuid('stream_id').notNull(),
  seq: count('seq'),
  id: uuid('id').notNull(),
  prev: count('prev'),
  type: varchar('type', { length: 100 }).notNull(),
  occurredAt: time('occurred_at').notNull(),
  audience: text('audience').notNull(),
  audienceUsers: uuid('audience_users').array(),
  actorId: uuid('actor_id'),
  data: jsonb('data').$type<Readonly<Record<string, unknown>>>().notNull(),
});

const decimal = (name: string) => numeric(name, { mode: 'number' });

export const analytics = pgTable('meeting_analytics', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  totalParticipants: integer('total_participants').notNull(),
  averageAttendanceDurationMinutes: decimal('average_attendance_duration_minutes'),
  averageAttendanceSeconds: decimal('average_attendance_seconds'),
  peakConcurrentParticipants: integer('peak_concurrent_participants').notNull(),
  totalChatMessages: integer('total_chat_messages').notNull(),
  totalScreenShares: integer('total_screen_shares').notNull(),
  totalPollsCreated: integer('total_polls_created').notNull(),
  engagementScore: decimal('engagement_score'),
  technicalIssuesCount: integer('technical_issues_count').notNull(),
  recordingDurationMinutes: integer('recording_duration_minutes'),
  formulaVersion: varchar('formula_version', { length: 50 }),
  coverage: jsonb('coverage').$type<Record<string, boolean>>(),
  createdAt: time('created_at').notNull(),
});

export const metrics = pgTable('participant_engagement_metrics', {
  id: uuid('id').primaryKey(),
  meetingId: uuid('meeting_id').notNull(),
  authUserId: uuid('auth_user_id').notNull(),
  attendanceDurationMinutes: integer('attendance_duration_minutes').notNull(),
  chatMessagesSent: integer('chat_messages_sent').notNull(),
  pollsParticipated: integer('polls_participated').notNull(),
  screenShareDurationMinutes: integer('screen_share_duration_minutes').notNull(),
  microphoneActiveMinutes: integer('microphone_active_minutes').notNull(),
  cameraActiveMinutes: integer('camera_active_minutes').notNull(),
  engagementScore: decimal('engagement_score'),
  createdAt: time('created_at').notNull(),
  formulaVersion: varchar('formula_version', { length: 50 }),
  coverage: jsonb('coverage').$type<Record<string, boolean>>(),
  attendanceSeconds: decimal('attendance_seconds'),
  screenShareSeconds: decimal('screen_share_seconds'),
  microphoneSeconds: decimal('microphone_seconds'),
  cameraSeconds: decimal('camera_seconds'),
  speakingSeconds: decimal('speaking_seconds'),
});
