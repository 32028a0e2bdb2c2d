/**
 * The entity classes, for a host that wants to query the tables through its own MikroORM: give it `meetingEntities`
 * and fork its EntityManager with the schema they live in, `em.fork({ schema: 'convoke' })`.
 *
 * They are a view of the tables. Change data through the service, which keeps the rules and writes the events.
 */
import { AgendaItem } from './agenda/index.ts';
import { Attachment } from './attachments/index.ts';
import { ChatMessage } from './chat/index.ts';
import { IdempotencyKey } from './core/idempotency-key.entity.ts';
import { EngagementMetrics, MeetingAnalytics } from './engagement/index.ts';
import { EventConsumer, EventHead, StreamEvent } from './events/index.ts';
import { Invitation, WaitlistEntry } from './invitations/index.ts';
import { Meeting } from './meetings/index.ts';
import { Note } from './notes/index.ts';
import { MediaInterval, Participant, ParticipantSession, PasswordAttempt } from './participants/index.ts';
import { Poll, PollResponse } from './polls/index.ts';
import { Series } from './series/index.ts';
import { Template } from './templates/index.ts';

export { AgendaItem, type AgendaItemProps } from './agenda/index.ts';
export { Attachment, type AttachmentProps } from './attachments/index.ts';
export { ChatMessage, type ChatMessageProps } from './chat/index.ts';
export { IdempotencyKey, type IdempotencyKeyProps } from './core/idempotency-key.entity.ts';
export {
  EngagementMetrics,
  type EngagementMetricsProps,
  MeetingAnalytics,
  type MeetingAnalyticsProps,
} from './engagement/index.ts';
export {
  EventConsumer,
  type EventConsumerProps,
  EventHead,
  type EventHeadProps,
  StreamEvent,
  type StreamEventProps,
} from './events/index.ts';
export { Invitation, type InvitationProps, WaitlistEntry, type WaitlistEntryProps } from './invitations/index.ts';
export { Meeting, type MeetingProps } from './meetings/index.ts';
export { Note, type NoteProps } from './notes/index.ts';
export {
  MediaInterval,
  type MediaIntervalProps,
  Participant,
  type ParticipantProps,
  ParticipantSession,
  type ParticipantSessionProps,
  PasswordAttempt,
  type PasswordAttemptProps,
} from './participants/index.ts';
export { Poll, type PollProps, PollResponse, type PollResponseProps } from './polls/index.ts';
export { Series, type SeriesProps } from './series/index.ts';
export { Template, type TemplateProps } from './templates/index.ts';

/** Every entity of the package, for `MikroORM.init({ entities: [...meetingEntities, ...yours] })`. */
export const meetingEntities = [
  AgendaItem,
  Attachment,
  ChatMessage,
  EngagementMetrics,
  EventConsumer,
  EventHead,
  IdempotencyKey,
  Invitation,
  MediaInterval,
  Meeting,
  MeetingAnalytics,
  Note,
  Participant,
  ParticipantSession,
  PasswordAttempt,
  Poll,
  PollResponse,
  Series,
  StreamEvent,
  Template,
  WaitlistEntry,
] as const;
