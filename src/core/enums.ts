/**
 * The labels of the database's enum types and of its checked text columns, in the order in which they are declared.
 * Nothing else is imported here, so schemas for a browser can share them with the entities.
 */

export const meetingTypes = [
  'StudySession',
  'Lecture',
  'Discussion',
  'Presentation',
  'Workshop',
  'Review',
  'Social',
  'Office Hours',
] as const;
export type MeetingType = (typeof meetingTypes)[number];

export const meetingStatuses = ['Scheduled', 'InProgress', 'Completed', 'Cancelled', 'Postponed'] as const;
export type MeetingStatus = (typeof meetingStatuses)[number];

export const participantRoles = ['Host', 'CoHost', 'Presenter', 'Participant', 'Observer'] as const;
export type ParticipantRole = (typeof participantRoles)[number];

export const participationStatuses = ['Invited', 'Accepted', 'Declined', 'Tentative', 'Attended', 'NoShow'] as const;
export type ParticipationStatus = (typeof participationStatuses)[number];

export const invitationStatuses = ['Pending', 'Accepted', 'Declined', 'Expired'] as const;
export type InvitationStatus = (typeof invitationStatuses)[number];

export const agendaTypes = [
  'Introduction',
  'Presentation',
  'Discussion',
  'Activity',
  'QuestReview',
  'Assessment',
  'Wrap-up',
] as const;
export type AgendaType = (typeof agendaTypes)[number];

export const noteTypes = ['General', 'ActionItem', 'Decision', 'Question', 'Resource', 'Summary'] as const;
export type NoteType = (typeof noteTypes)[number];

export const noteStatuses = ['Active', 'Completed', 'Cancelled', 'Archived'] as const;
export type NoteStatus = (typeof noteStatuses)[number];

export const priorityLevels = ['Low', 'Medium', 'High', 'Critical'] as const;
export type PriorityLevel = (typeof priorityLevels)[number];

export const chatMessageTypes = ['Text', 'Emoji', 'File', 'Link', 'System'] as const;
export type ChatMessageType = (typeof chatMessageTypes)[number];

/** Who sees the totals of a poll, and when; Host, CoHost and the poll's creator always do. */
export const resultsVisibilities = ['always', 'afterVote', 'afterClose', 'hostsOnly'] as const;
export type ResultsVisibility = (typeof resultsVisibilities)[number];

export const pollTypes = ['MultipleChoice', 'SingleChoice', 'YesNo', 'Rating', 'OpenEnded'] as const;
export type PollType = (typeof pollTypes)[number];

export const templateTypes = ['StudyGroup', 'Lecture', 'Workshop', 'Review', 'Social', 'Custom'] as const;
export type TemplateType = (typeof templateTypes)[number];

/**
 * Why a session ended: of one's own accord, put out, the meeting was over, no sign of life, another took its place, or the process
 * that held its connection died.
 */
export const sessionLeftReasons = ['left', 'removed', 'ended', 'timed-out', 'replaced', 'node-lost'] as const;
export type SessionLeftReason = (typeof sessionLeftReasons)[number];

/** What a media interval measures; `microphone` means unmuted, `speaking` means heard. */
export const mediaKinds = ['microphone', 'speaking', 'camera', 'screen', 'hand'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** Who may see an event of a stream: everybody in it, its hosts, or the users it names. */
export const eventAudiences = ['all', 'hosts', 'users'] as const;
export type EventAudience = (typeof eventAudiences)[number];
