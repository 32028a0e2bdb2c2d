import type { MediaKind, ParticipantRole } from '../core/enums.ts';
import type { MeetingEngagementFacts, PersonEngagementFacts } from './engagement.formula.ts';
import { contains, lengthOf, mostAtOnce, overlapOf, type Span, unionOf } from './engagement.spans.rules.ts';

/** Somebody on the roster. */
export interface RosterRecord {
  readonly userId: string;
  readonly role: ParticipantRole;
  /** Whether their status is Attended. */
  readonly attended: boolean;
  /** As stored. */
  readonly minutes: number;
  readonly canUseChat: boolean;
  readonly canShareScreen: boolean;
}

/** When somebody was there, in seconds from the start of the meeting: before it they are negative. */
export interface StayRecord {
  readonly userId: string;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
}

export interface MediaRecord extends StayRecord {
  readonly kind: MediaKind;
}

/** What somebody wrote: all but system messages. */
export interface ChatRecord {
  readonly userId: string;
  readonly messages: number;
  readonly publicMessages: number;
}

/** Polls in which somebody voted by name. */
export interface VoteRecord {
  readonly userId: string;
  readonly polls: number;
}

/** All that a meeting's facts are counted from. */
export interface MeetingRecords {
  /** Null for a meeting that never started, which nobody attended; one in progress lasts until now. */
  readonly durationSeconds: number | null;
  /** By user id. */
  readonly roster: readonly RosterRecord[];
  /** Of users: a guest's session belongs to nobody yet. */
  readonly stays: readonly StayRecord[];
  readonly media: readonly MediaRecord[];
  readonly chat: readonly ChatRecord[];
  readonly votes: readonly VoteRecord[];
  /** Drafts included. */
  readonly createdPolls: number;
  readonly openedPolls: number;
  readonly namedPolls: number;
  /** Problems that were reported, and connections that fell silent: each that was lost, however soon its owner was back. */
  readonly technicalIssues: number;
}

/** What one person did. Minutes are the floor of the exact union, which a rounded number of seconds could miss. */
export interface CountedPerson extends PersonEngagementFacts {
  readonly attendanceMinutes: number;
}

export interface CountedMeeting extends MeetingEngagementFacts {
  /** The most distinct people present at one time. */
  readonly peakConcurrentParticipants: number;
  /** People whose status is Attended. */
  readonly totalParticipants: number;
  /** Mean of the stored whole minutes of those who attended, two decimals; null when nobody did. */
  readonly averageAttendanceDurationMinutes: number | null;
  /** Mean of their exact seconds, three decimals; null when nobody did. */
  readonly averageAttendanceSeconds: number | null;
  /** All but system messages. */
  readonly totalChatMessages: number;
  /** Starts, not sharers. */
  readonly totalScreenShares: number;
  /** Drafts included. */
  readonly totalPollsCreated: number;
  readonly technicalIssuesCount: number;
}

const second = 1_000_000;
const minute = 60 * second;
const forever: Span = [-Infinity, Infinity];
const micros = (seconds: number) => Math.round(seconds * second);

/**
 * Counts what people did. Attendance is the union of a person's sessions, clamped to the meeting; nothing counts while its
 * owner was not there, two devices with the camera on are one camera, and a hand counts when it goes up. Everybody of the roster who
 * ever had a session has facts, and nobody else.
 */
export function countFacts(records: MeetingRecords): { meeting: CountedMeeting; people: readonly CountedPerson[] } {
  const stays = attendanceIn(records);
  return { meeting: meetingIn(records, stays), people: peopleIn(records, stays) };
}

type Attendance = ReadonlyMap<string, readonly Span[]>;

function attendanceIn({ durationSeconds, stays }: MeetingRecords): Attendance {
  if (durationSeconds === null) return new Map();
  const meeting: Span = [0, micros(durationSeconds)];
  return unionsOf(stays, meeting);
}

function unionsOf(records: readonly StayRecord[], within: Span): Map<string, readonly Span[]> {
  const spans = new Map<string, Span[]>();
  for (const { userId, from, to } of records) {
    const span: Span = [micros(from), to === null ? Infinity : micros(to)];
    const known = spans.get(userId);
    if (known === undefined) spans.set(userId, [span]);
    else known.push(span);
  }
  const unions = new Map<string, readonly Span[]>();
  for (const [userId, each] of spans) unions.set(userId, unionOf(each, within));
  return unions;
}

function peopleIn({ roster, media, chat, votes }: MeetingRecords, stays: Attendance): CountedPerson[] {
  const on = (kind: MediaKind) =>
    unionsOf(
      media.filter((interval) => interval.kind === kind),
      forever,
    );
  const [speaking, microphone, camera, screen] = [on('speaking'), on('microphone'), on('camera'), on('screen')];
  const hands = handsIn(media, stays);
  const written = new Map(chat.map((record) => [record.userId, record]));
  const voted = new Map(votes.map(({ userId, polls }) => [userId, polls]));
  return roster.flatMap(({ userId, role, canUseChat, canShareScreen }) => {
    const there = stays.get(userId);
    if (there === undefined) return [];
    const attendance = lengthOf(there);
    const secondsWith = (spans: Attendance) => overlapOf(spans.get(userId) ?? [], there) / second;
    return {
      userId,
      role,
      attendanceSeconds: attendance / second,
      attendanceMinutes: Math.floor(attendance / minute),
      chatMessages: written.get(userId)?.messages ?? 0,
      publicChatMessages: written.get(userId)?.publicMessages ?? 0,
      pollsParticipated: voted.get(userId) ?? 0,
      speakingSeconds: secondsWith(speaking),
      microphoneSeconds: secondsWith(microphone),
      cameraSeconds: secondsWith(camera),
      screenShareSeconds: secondsWith(screen),
      handsRaised: hands.get(userId) ?? 0,
      canUseChat,
      canShareScreen,
    };
  });
}

/** However long a hand stayed up. */
function handsIn(media: readonly MediaRecord[], stays: Attendance): ReadonlyMap<string, number> {
  const hands = new Map<string, number>();
  for (const { kind, userId, from } of media)
    if (kind === 'hand' && contains(stays.get(userId) ?? [], micros(from)))
      hands.set(userId, (hands.get(userId) ?? 0) + 1);
  return hands;
}

function meetingIn(records: MeetingRecords, stays: Attendance): CountedMeeting {
  const { durationSeconds, roster, media, chat } = records;
  const starts = { speaking: 0, microphone: 0, camera: 0, screen: 0, hand: 0 } satisfies Record<MediaKind, number>;
  for (const { kind } of media) starts[kind]++;
  const messages = chat.reduce((sum, record) => sum + record.messages, 0);
  const attended = roster.filter((person) => person.attended);
  const minutes = attended.reduce((sum, person) => sum + person.minutes, 0);
  const present = attended.reduce((sum, { userId }) => sum + lengthOf(stays.get(userId) ?? []), 0);
  const nobody = attended.length === 0;
  return {
    durationSeconds: micros(durationSeconds ?? 0) / second,
    // Unions, not sessions, so that a person with two devices is one.
    peakConcurrentParticipants: mostAtOnce([...stays.values()].flat()),
    totalParticipants: attended.length,
    // Divided once, by whole numbers: then a half is exactly a half, and goes up.
    averageAttendanceDurationMinutes: nobody ? null : Math.round((100 * minutes) / attended.length) / 100,
    averageAttendanceSeconds: nobody ? null : Math.round(present / (1000 * attended.length)) / 1000,
    totalChatMessages: messages,
    totalScreenShares: starts.screen,
    totalPollsCreated: records.createdPolls,
    technicalIssuesCount: records.technicalIssues,
    namedPolls: records.namedPolls,
    openedPolls: records.openedPolls,
    used: {
      ...{ chat: messages > 0, speaking: starts.speaking > 0, microphone: starts.microphone > 0 },
      ...{ camera: starts.camera > 0, hands: starts.hand > 0, screenShare: starts.screen > 0 },
    },
  };
}
