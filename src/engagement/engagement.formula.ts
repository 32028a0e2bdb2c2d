/**
 * Engagement formulas as data: what is looked at, how much is enough, and how much it weighs. A score is stored with the
 * version of the formula that made it, so a formula, once published, never changes: a better one is a new version.
 */

import type { ParticipantRole } from '../core/enums.ts';

export type EngagementMetricName =
  | 'presence'
  | 'chat'
  | 'polls'
  | 'speaking'
  | 'microphone'
  | 'camera'
  | 'hands'
  | 'screenShare'
  | 'reactions';

/** What one person did in one meeting. Seconds lie within the person's attendance. */
export interface PersonEngagementFacts {
  readonly userId: string;
  readonly role: ParticipantRole;
  readonly attendanceSeconds: number;
  /** All but system messages: private, edited and deleted ones too. */
  readonly chatMessages: number;
  readonly publicChatMessages: number;
  /** Polls answered by name. An anonymous vote belongs to nobody. */
  readonly pollsParticipated: number;
  readonly speakingSeconds: number;
  /** Unmuted, whether speaking or not. */
  readonly microphoneSeconds: number;
  readonly cameraSeconds: number;
  readonly screenShareSeconds: number;
  readonly handsRaised: number;
  readonly canUseChat: boolean;
  readonly canShareScreen: boolean;
}

/** What the meeting was, for everybody. */
export interface MeetingEngagementFacts {
  readonly durationSeconds: number;
  /** Polls that were opened and record who answered. */
  readonly namedPolls: number;
  /** Polls that were opened, anonymous ones too. */
  readonly openedPolls: number;
  /** Whether anybody at all used a means; one that nobody used is taken as not offered. */
  readonly used: Readonly<Partial<Record<EngagementMetricName, boolean>>>;
}

/** The number a metric reads from a person's facts. */
export type EngagementFact =
  | 'attendanceSeconds'
  | 'chatMessages'
  | 'publicChatMessages'
  | 'pollsParticipated'
  | 'speakingSeconds'
  | 'microphoneSeconds'
  | 'cameraSeconds'
  | 'screenShareSeconds'
  | 'handsRaised';

/** How much earns full marks. More never earns more. */
export type EngagementTarget =
  /** The same in every meeting. */
  | { readonly kind: 'fixed'; readonly amount: number }
  /** So many per hour of the meeting, rounded, within bounds. */
  | { readonly kind: 'perHour'; readonly amount: number; readonly least: number; readonly most: number }
  /** A share (0 to 1) of the meeting's length in seconds, up to a limit. */
  | { readonly kind: 'shareOfMeeting'; readonly share: number; readonly mostMinutes: number }
  /** Every poll that was opened. */
  | { readonly kind: 'polls'; readonly of: 'namedPolls' | 'openedPolls' }
  /** What the most active person reached who is not a host: one person's zeal devalues everybody else's. */
  | { readonly kind: 'highest' };

export interface EngagementMetric {
  readonly name: EngagementMetricName;
  /** For people. */
  readonly label: string;
  /** Null where this library records nothing the formula asks for. */
  readonly fact: EngagementFact | null;
  /** How people read the fact: seconds as a duration, the rest counted in words. */
  readonly unit: 'duration' | { readonly one: string; readonly many: string };
  /** Above zero; only its ratio to the other weights matters. */
  readonly weight: number;
  readonly target: EngagementTarget;
  /** Whoever is denied it and never used it is not measured by it. */
  readonly permission: 'canUseChat' | 'canShareScreen' | null;
  /** Counts only where that better evidence for the same thing does not. */
  readonly insteadOf: EngagementMetricName | null;
}

export interface EngagementFormula {
  /** Stored beside every score. */
  readonly version: string;
  readonly metrics: readonly EngagementMetric[];
  /** Whether the weight of what does not count passes to what does, or is lost. */
  readonly renormalise: boolean;
  /** Whether a score is multiplied by the share attended, and the meeting's mean weighted by it. */
  readonly weighByAttendance: boolean;
  /** Who runs meetings, and what they get unless their scoring is asked for: no score at all, or zero. */
  readonly hosts: { readonly roles: readonly ParticipantRole[]; readonly score: null | 0 };
}

const times = { one: 'time', many: 'times' };
const messages = { one: 'message', many: 'messages' };
const polls = { one: 'poll', many: 'polls' };
const always = { permission: null, insteadOf: null };

/**
 * The formula in use. Weights add up to 100 with one of the two ways to measure voice.
 *
 * - **Being there, 30**: listening is taking part. Without it a silent but attentive hour would be worth nothing as soon
 *   as one other person wrote a line. One second is enough, because the share attended multiplies everything anyway.
 * - **Chat, 20**: four messages an hour, what people of a lively class of ten write on average; at least one in a short
 *   meeting and at most sixteen in a long one, so that nobody has to write all day.
 * - **Polls, 20**: every poll that records names; answering is the least a person can do, so all of them are asked for.
 * - **Voice, 15**: speaking for 3 % of the meeting, about two minutes an hour: two contributions, and few enough that
 *   thirty people could all reach it. Where a platform reports only who is unmuted, 10 % of the meeting: an open
 *   microphone is mostly silence.
 * - **Camera, 5**: on for half of the meeting. Little weight: bandwidth, rooms and privacy are not equally shared.
 * - **Hands, 5**: two an hour, at least one.
 * - **Screen, 5**: 5 % of the meeting. Little weight: one person shares at a time.
 */
export const convokeFormula: EngagementFormula = {
  version: 'convoke-1',
  renormalise: true,
  weighByAttendance: true,
  hosts: { roles: ['Host', 'CoHost'], score: null },
  metrics: [
    {
      ...always,
      name: 'presence',
      label: 'Being there',
      fact: 'attendanceSeconds',
      unit: 'duration',
      weight: 30,
      target: { kind: 'fixed', amount: 1 },
    },
    {
      name: 'chat',
      label: 'Chat',
      fact: 'chatMessages',
      unit: messages,
      weight: 20,
      target: { kind: 'perHour', amount: 4, least: 1, most: 16 },
      permission: 'canUseChat',
      insteadOf: null,
    },
    {
      ...always,
      name: 'polls',
      label: 'Polls',
      fact: 'pollsParticipated',
      unit: polls,
      weight: 20,
      target: { kind: 'polls', of: 'namedPolls' },
    },
    {
      ...always,
      name: 'speaking',
      label: 'Speaking',
      fact: 'speakingSeconds',
      unit: 'duration',
      weight: 15,
      target: { kind: 'shareOfMeeting', share: 0.03, mostMinutes: 10 },
    },
    {
      name: 'microphone',
      label: 'Microphone on',
      fact: 'microphoneSeconds',
      unit: 'duration',
      weight: 15,
      target: { kind: 'shareOfMeeting', share: 0.1, mostMinutes: 30 },
      permission: null,
      insteadOf: 'speaking',
    },
    {
      ...always,
      name: 'camera',
      label: 'Camera on',
      fact: 'cameraSeconds',
      unit: 'duration',
      weight: 5,
      target: { kind: 'shareOfMeeting', share: 0.5, mostMinutes: 120 },
    },
    {
      ...always,
      name: 'hands',
      label: 'Raised hand',
      fact: 'handsRaised',
      unit: times,
      weight: 5,
      target: { kind: 'perHour', amount: 2, least: 1, most: 6 },
    },
    {
      name: 'screenShare',
      label: 'Screen shared',
      fact: 'screenShareSeconds',
      unit: 'duration',
      weight: 5,
      target: { kind: 'shareOfMeeting', share: 0.05, mostMinutes: 15 },
      permission: 'canShareScreen',
      insteadOf: null,
    },
  ],
};

const highest = { kind: 'highest' } as const;

/**
 * For comparison: the activity score of BigBlueButton's learning dashboard (`getActivityScore` in its
 * `UserService.js`), 0 to 10 there and stretched to 0 to 100 here. Five equal parts: talk time, public messages, raised
 * hands and reactions relative to the most active viewer, and polls answered of all polls held. A part that nobody
 * used is lost, attendance does not matter, and moderators get zero. Reactions are not recorded here, so a person reaches
 * at most 80.
 */
export const bigBlueButtonFormula: EngagementFormula = {
  version: 'bigbluebutton-activity-1',
  renormalise: false,
  weighByAttendance: false,
  hosts: { roles: ['Host', 'CoHost'], score: 0 },
  metrics: [
    {
      ...always,
      name: 'speaking',
      label: 'Talk time',
      fact: 'speakingSeconds',
      unit: 'duration',
      weight: 20,
      target: highest,
    },
    {
      ...always,
      name: 'chat',
      label: 'Public messages',
      fact: 'publicChatMessages',
      unit: messages,
      weight: 20,
      target: highest,
    },
    {
      ...always,
      name: 'hands',
      label: 'Raised hand',
      fact: 'handsRaised',
      unit: times,
      weight: 20,
      target: highest,
    },
    { ...always, name: 'reactions', label: 'Reactions', fact: null, unit: times, weight: 20, target: highest },
    {
      ...always,
      name: 'polls',
      label: 'Polls',
      fact: 'pollsParticipated',
      unit: polls,
      weight: 20,
      target: { kind: 'polls', of: 'openedPolls' },
    },
  ],
};

/** The formulas that come with the library, by version. */
export const engagementFormulas: ReadonlyMap<string, EngagementFormula> = new Map(
  [convokeFormula, bigBlueButtonFormula].map((formula) => [formula.version, formula]),
);
