export type {
  ChatHistory,
  ChatHistoryInput,
  ChatSearchInput,
  EditInput,
  FoundMessage,
  MessageView,
  ReadMark,
  SendInput,
  SendSystemInput,
  TextRange,
  UnreadMessages,
} from './chat/index.ts';
export type { ConsumeInput, HandlerOf } from './consuming.ts';
export { type Backplane, type BackplaneListener, type Hint, memoryBackplane } from './backplanes/index.ts';
export { type Actor, SYSTEM_USER_ID } from './core/actor.ts';
export type { Clock } from './core/clock.ts';
export type {
  InvitationStatus,
  MeetingStatus,
  MeetingType,
  ParticipantRole,
  ParticipationStatus,
  PollType,
  ResultsVisibility,
} from './core/enums.ts';
export { isMeetingError, MeetingError, type MeetingErrorCode, type MeetingErrorOptions } from './core/errors.ts';
export type { Audience, StreamEvent, StreamRef } from './core/event.ts';
export type { Rules } from './core/kernel.ts';
export type { Logger } from './core/logger.ts';
export type { Page } from './core/page.ts';
export { type PasswordHasher, scryptHasher, type ScryptOptions } from './core/password-hasher.ts';
export type { MeetingSwitches } from './core/permission-terms.ts';
export { memoryRateLimiter, type RateLimiter } from './core/rate-limiter.ts';
export type { FieldError } from './core/validate.ts';
export { membersOnly, type MeetingOwnership, type VisibilityPolicy } from './core/visibility-policy.ts';
export type { DatabaseSource, HostOrm } from './database/connection.ts';
export type { HostEntityManager } from './database/host-transaction.ts';
export type { MigrationState } from './database/migrate.ts';
export type { PlainClient } from './database/plain-client.ts';
export { type ConnectionPool, resilientPool } from './database/pool.ts';
export {
  type Directory,
  type Group,
  type GroupDirectory,
  type GroupKind,
  type GroupMembers,
  type GroupPage,
  memoryGroups,
  memoryUsers,
  type MemoryUser,
  type UserDirectory,
  type UserProfile,
} from './directory/index.ts';
export type {
  EngagementExplanation,
  EngagementMetricsView,
  EngagementPageInput,
  EngagementPart,
  MeetingAnalyticsView,
} from './engagement/index.ts';
export type { AnyEvent, EventName, EventOf } from './events/catalogue.ts';
export {
  type CloudEvent,
  type Consumer,
  type ConsumeOptions,
  type ConsumerLag,
  type ConsumerStatus,
  type EventHandler,
  fromCloudEvent,
  HandlingError,
  type ParkedEvent,
  type ParkedPageInput,
  type ReplayInput,
  toCloudEvent,
  type Verdict,
  type VerifiedWebhook,
  verifyWebhook,
  webhook,
  type WebhookHeaders,
  type WebhookOptions,
} from './feed/index.ts';
export type { IntegrityReport, Violation } from './integrity/index.ts';
export type {
  InvitationListInput,
  InvitationView,
  InviteInput,
  InviteResult,
  RemindResult,
  RespondInput,
  RespondResult,
} from './invitations/index.ts';
export { type BindingOptions, type Health, MeetingService } from './meeting-service.ts';
export type {
  History,
  JoinInfo,
  ListInput,
  MeetingSettings,
  MeetingView,
  ReasonInput,
  RescheduleInput,
  ScheduleInput,
  SystemScheduleInput,
  UpdateInput,
} from './meetings/index.ts';
export { type MemoryNotifier, memoryNotifier, type Notice, type Notifier } from './notifiers/index.ts';
export type { MeetingServiceOptions } from './options.ts';
export type {
  AssignableRole,
  AttendanceMark,
  AttendanceView,
  ConnectionInput,
  IssueInput,
  JoinInput,
  MediaInput,
  MediaView,
  ParticipantPageInput,
  ParticipantView,
  PermissionsInput,
  PersonAttendance,
  RecordSessionInput,
  Roster,
  RosterEntry,
  SessionView,
} from './participants/index.ts';
export type {
  AnswerGroup,
  PollInput,
  PollPageInput,
  PollResults,
  PollTotals,
  PollView,
  VoteInput,
  VoterView,
  VoteView,
} from './polls/index.ts';
export type { LiveItem, LiveStream, RealtimeHealth, RealtimeSettings, SubscribeOptions } from './realtime/index.ts';
export type { Rooms } from './rooms.ts';
export type { ScreenShareView } from './screen-share/index.ts';
export {
  type Connection,
  type ConnectionSession,
  type Identity,
  type ChannelName,
  type Delivery,
  type DeliveryListener,
  type MemoryTransport,
  memoryTransport,
  type PushTransport,
  type RealtimeHost,
  type SessionTransport,
} from './transports/index.ts';
export type { Job, Worker, WorkerReport } from './worker/index.ts';
