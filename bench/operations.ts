/** The operations that are measured, in words that every implementation shares. */
import type { ChatHistory, MessageView } from '../src/chat/chat.schema.ts';
import type {
  InviteResult,
  MeetingAnalyticsView,
  MeetingView,
  Page,
  ParticipantView,
  RespondResult,
} from '../src/index.ts';
import type { MediaView } from '../src/participants/participant.schema.ts';
import type { PollResults, VoteView } from '../src/polls/poll.schema.ts';

export type { ChatHistory, MediaView, MessageView, PollResults, VoteView };

/** Somebody in a meeting. */
export interface Place {
  readonly meetingId: string;
  readonly userId: string;
}

/** What every implementation offers, or leaves out and says so. */
export interface Operations {
  readonly sendChat: (input: Place & { readonly content: string }) => Promise<MessageView>;
  readonly vote: (input: Place & { readonly pollId: string; readonly choice: number }) => Promise<VoteView>;
  readonly join: (input: Place) => Promise<ParticipantView>;
  /** With all devices. */
  readonly leave: (input: Place) => Promise<ParticipantView>;
  readonly rsvp: (
    input: Place & { readonly response: 'Accepted' | 'Declined' | 'Tentative' },
  ) => Promise<RespondResult>;
  readonly heartbeat: (input: Place) => Promise<void>;
  readonly raiseHand: (input: Place) => Promise<ParticipantView>;
  /** Switches the microphone on. */
  readonly setMedia: (input: Place) => Promise<MediaView>;
  /** The first page of what lies ahead of a person. */
  readonly listUpcoming: (input: { readonly userId: string }) => Promise<Page<MeetingView>>;
  /** The newest page of a chat. */
  readonly history: (input: Place) => Promise<ChatHistory>;
  /** The standing of a poll, for a host. */
  readonly tally: (input: Place & { readonly pollId: string }) => Promise<PollResults>;
  /** Counts and stores a meeting's analytics anew. */
  readonly analytics: (input: Place) => Promise<MeetingAnalyticsView>;
  readonly invite: (input: Place & { readonly inviteeIds: readonly string[] }) => Promise<InviteResult>;
}

export type OperationName = keyof Operations;
export type InputOf<Name extends OperationName> = Parameters<Operations[Name]>[0];

/** An implementation, connected to one database with ten connections at most. */
export interface Contender extends AsyncDisposable {
  readonly operations: Partial<Operations>;
}

/** How an implementation is named, opened and excused. */
export interface Implementation {
  readonly name: string;
  readonly label: string;
  /** What is kept by the SDK and not by this one, in a few words each. */
  readonly doesNot: readonly string[];
  open(url: string): Promise<Contender>;
}

/** The size of every implementation's pool. No connection is closed for idleness: reconnecting is not what is measured. */
export const poolSize = 10;

/** The refusals that implementations other than the SDK give, by the codes that the SDK gives them. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;

  constructor(code: string) {
    super(`refused: ${code}`);
    this.code = code;
  }
}
