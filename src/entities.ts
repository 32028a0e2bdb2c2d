/**
 * The entity classes, for a host that wants to query the tables through its own MikroORM: give it `meetingEntities`
 * and fork its EntityManager with the schema they live in, `em.fork({ schema: 'convoke' })`.
 *
 * They are a view of the tables. Change data through the service, which keeps the rules and writes the events.
 */
import { AgendaItem } from './agenda/agenda-item.entity.ts';
import { Attachment } from './attachments/attachment.entity.ts';
import { ChatMessage } from './chat/chat-message.entity.ts';
import { ReadMarker } from './chat/read-marker.entity.ts';
import { IdempotencyKey } from './core/idempotency-key.entity.ts';
import { EngagementMetrics } from './engagement/engagement-metrics.entity.ts';
import { MeetingAnalytics } from './engagement/meeting-analytics.entity.ts';
import { EventConsumer } from './events/event-consumer.entity.ts';
import { EventHead } from './events/event-head.entity.ts';
import { ParkedEvent } from './events/parked-event.entity.ts';
import { StreamEvent } from './events/stream-event.entity.ts';
import { Invitation } from './invitations/invitation.entity.ts';
import { WaitlistEntry } from './invitations/waitlist-entry.entity.ts';
import { Meeting } from './meetings/meeting.entity.ts';
import { Note } from './notes/note.entity.ts';
import { MediaInterval } from './participants/media-interval.entity.ts';
import { ParticipantSession } from './participants/participant-session.entity.ts';
import { Participant } from './participants/participant.entity.ts';
import { PasswordAttempt } from './participants/password-attempt.entity.ts';
import { PollResponse } from './polls/poll-response.entity.ts';
import { Poll } from './polls/poll.entity.ts';
import { RealtimeNode } from './realtime/realtime-node.entity.ts';
import { Series } from './series/series.entity.ts';
import { Template } from './templates/template.entity.ts';

export { AgendaItem, type AgendaItemProps } from './agenda/agenda-item.entity.ts';
export { Attachment, type AttachmentProps } from './attachments/attachment.entity.ts';
export { ChatMessage, type ChatMessageProps } from './chat/chat-message.entity.ts';
export { EngagementMetrics, type EngagementMetricsProps } from './engagement/engagement-metrics.entity.ts';
export { EventConsumer, type EventConsumerProps } from './events/event-consumer.entity.ts';
export { EventHead, type EventHeadProps } from './events/event-head.entity.ts';
export { IdempotencyKey, type IdempotencyKeyProps } from './core/idempotency-key.entity.ts';
export { Invitation, type InvitationProps } from './invitations/invitation.entity.ts';
export { MediaInterval, type MediaIntervalProps } from './participants/media-interval.entity.ts';
export { Meeting, type MeetingProps } from './meetings/meeting.entity.ts';
export { MeetingAnalytics, type MeetingAnalyticsProps } from './engagement/meeting-analytics.entity.ts';
export { Note, type NoteProps } from './notes/note.entity.ts';
export { ParkedEvent, type ParkedEventProps } from './events/parked-event.entity.ts';
export { Participant, type ParticipantProps } from './participants/participant.entity.ts';
export { ParticipantSession, type ParticipantSessionProps } from './participants/participant-session.entity.ts';
export { PasswordAttempt, type PasswordAttemptProps } from './participants/password-attempt.entity.ts';
export { Poll, type PollProps } from './polls/poll.entity.ts';
export { PollResponse, type PollResponseProps } from './polls/poll-response.entity.ts';
export { ReadMarker, type ReadMarkerProps } from './chat/read-marker.entity.ts';
export { RealtimeNode, type RealtimeNodeProps } from './realtime/realtime-node.entity.ts';
export { Series, type SeriesProps } from './series/series.entity.ts';
export { StreamEvent, type StreamEventProps } from './events/stream-event.entity.ts';
export { Template, type TemplateProps } from './templates/template.entity.ts';
export { WaitlistEntry, type WaitlistEntryProps } from './invitations/waitlist-entry.entity.ts';
export type {
  AgendaType,
  ChatMessageType,
  EventAudience,
  InvitationStatus,
  MediaKind,
  MeetingStatus,
  MeetingType,
  NoteStatus,
  NoteType,
  ParticipantRole,
  ParticipationStatus,
  PollType,
  PriorityLevel,
  ResultsVisibility,
  SessionLeftReason,
  TemplateType,
} from './core/enums.ts';

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
  ParkedEvent,
  Participant,
  ParticipantSession,
  PasswordAttempt,
  Poll,
  PollResponse,
  ReadMarker,
  RealtimeNode,
  Series,
  StreamEvent,
  Template,
  WaitlistEntry,
] as const;
