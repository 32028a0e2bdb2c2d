/** The tables as Kysely's documentation describes them: one interface each, with what the database fills in by itself. */
import type { ColumnType, Generated } from 'kysely';
import type {
  InvitationStatus,
  MeetingStatus,
  MeetingType,
  ParticipantRole,
  ParticipationStatus,
} from '../../../src/index.ts';
import type { MessageView, PollResults } from '../../operations.ts';

/** Comes as text from the driver, unless it was cast. */
type Count = ColumnType<string, number | undefined, number>;
/** The driver keeps every digit of a decimal, as text. */
type Decimal = ColumnType<string | null, number | null, number | null>;
type Json<T> = ColumnType<T, string | undefined, string>;

interface Meetings {
  id: Generated<string>;
  title: string;
  description: string | null;
  meeting_type: MeetingType;
  creator_id: string;
  party_id: string | null;
  guild_id: string | null;
  class_id: string | null;
  subject_id: string | null;
  scheduled_start_time: Date;
  scheduled_end_time: Date;
  actual_start_time: Date | null;
  actual_end_time: Date | null;
  timezone: Generated<string>;
  max_participants: number | null;
  current_participants_count: Generated<number>;
  meeting_password: string | null;
  status: Generated<MeetingStatus>;
  is_recurring: Generated<boolean>;
  recurrence_pattern: Json<Record<string, unknown> | null>;
  recording_enabled: Generated<boolean>;
  recording_url: string | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  settings: Json<Record<string, unknown>>;
  version: Generated<number>;
  series_id: string | null;
  original_start_local: string | null;
  template_id: string | null;
}

interface Participants {
  id: Generated<string>;
  meeting_id: string;
  auth_user_id: string;
  role: Generated<ParticipantRole>;
  status: Generated<ParticipationStatus>;
  invited_at: Generated<Date>;
  joined_at: Date | null;
  left_at: Date | null;
  total_duration_minutes: Generated<number>;
  is_presenter: Generated<boolean>;
  can_share_screen: Generated<boolean>;
  can_use_chat: Generated<boolean>;
  removed_at: Date | null;
  removed_by: string | null;
  upcoming_at: Date | null;
}

interface Invitations {
  id: Generated<string>;
  meeting_id: string;
  inviter_id: string;
  invitee_id: string;
  role: Generated<ParticipantRole>;
  status: Generated<InvitationStatus>;
  message: string | null;
  invited_at: Generated<Date>;
  responded_at: Date | null;
  response_message: string | null;
  reminder_sent_at: Date | null;
  expires_at: Date | null;
  revoked_at: Date | null;
}

interface Sessions {
  id: Generated<string>;
  meeting_id: string;
  auth_user_id: string | null;
  source: Generated<string>;
  connection_id: Generated<string>;
  joined_at: Date;
  left_at: Date | null;
  left_reason: string | null;
  last_heartbeat_at: Date | null;
  created_at: Generated<Date>;
}

interface MediaIntervals {
  id: Generated<string>;
  meeting_id: string;
  auth_user_id: string;
  kind: string;
  started_at: Date;
  ended_at: Date | null;
}

interface ChatMessages {
  id: Generated<string>;
  meeting_id: string;
  sender_id: string;
  message_type: Generated<MessageView['messageType']>;
  content: string;
  reply_to_message_id: string | null;
  is_private: Generated<boolean>;
  recipient_id: string | null;
  sent_at: Generated<Date>;
  edited_at: Date | null;
  deleted_at: Date | null;
  client_message_id: string | null;
}

interface Polls {
  id: Generated<string>;
  meeting_id: string;
  creator_id: string;
  question: string;
  poll_type: PollResults['pollType'];
  options: Json<string[]>;
  is_anonymous: Generated<boolean>;
  is_active: Generated<boolean>;
  opened_at: Date | null;
  closed_at: Date | null;
  closes_at: Date | null;
  results_visibility: Generated<string>;
  allow_change: Generated<boolean>;
  quorum_percent: number | null;
  entitled_voters: number | null;
}

interface PollResponses {
  id: Generated<string>;
  poll_id: string;
  respondent_id: string;
  selected_options: Json<number[]>;
  response_text: string | null;
  responded_at: Generated<Date>;
}

interface EventHeads {
  stream_kind: number;
  stream_id: string;
  seq: Count;
  public_seq: Count;
  public_prev: Count;
  hosts_seq: Count;
  hosts_prev: Count;
}

interface Events {
  stream_kind: number;
  stream_id: string;
  seq: Count;
  id: Generated<string>;
  prev: Count;
  type: string;
  occurred_at: Date;
  audience: Generated<string>;
  audience_users: string[] | null;
  actor_id: string | null;
  data: Json<Readonly<Record<string, unknown>>>;
}

interface Analytics {
  id: Generated<string>;
  meeting_id: string;
  total_participants: Generated<number>;
  average_attendance_duration_minutes: Decimal;
  average_attendance_seconds: Decimal;
  peak_concurrent_participants: Generated<number>;
  total_chat_messages: Generated<number>;
  total_screen_shares: Generated<number>;
  total_polls_created: Generated<number>;
  engagement_score: Decimal;
  technical_issues_count: Generated<number>;
  recording_duration_minutes: number | null;
  created_at: Generated<Date>;
  formula_version: string | null;
  coverage: Json<Record<string, boolean> | null>;
}

interface EngagementMetrics {
  id: Generated<string>;
  meeting_id: string;
  auth_user_id: string;
  attendance_duration_minutes: number;
  chat_messages_sent: number;
  polls_participated: number;
  screen_share_duration_minutes: number;
  microphone_active_minutes: number;
  camera_active_minutes: number;
  engagement_score: Decimal;
  created_at: Generated<Date>;
  formula_version: string | null;
  coverage: Json<Record<string, boolean> | null>;
  attendance_seconds: Decimal;
  screen_share_seconds: Decimal;
  microphone_seconds: Decimal;
  camera_seconds: Decimal;
  speaking_seconds: Decimal;
}

export interface Database {
  meetings: Meetings;
  meeting_participants: Participants;
  meeting_invitations: Invitations;
  meeting_participant_sessions: Sessions;
  meeting_media_intervals: MediaIntervals;
  meeting_chat_messages: ChatMessages;
  meeting_polls: Polls;
  meeting_poll_responses: PollResponses;
  meeting_event_heads: EventHeads;
  meeting_events: Events;
  meeting_analytics: Analytics;
  participant_engagement_metrics: EngagementMetrics;
}
