/** From rows as they are stored to what analytics consist of: the part of the work that every implementation does alike. */
import { contains, lengthOf, overlapOf, peakOf, type Span, unionOf } from './attendance.ts';
import { type PersonFacts, type Scores, scoresOf } from './scoring.ts';

/** Times in microseconds since 1970; `to` is null while it lasts. */
export interface SpanRow {
  readonly userId: string;
  readonly from: number;
  readonly to: number | null;
}

export interface CountRow {
  readonly userId: string;
  readonly count: number;
}

/** Everything that is read of a meeting. */
export interface StoredFacts {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly roster: readonly {
    readonly userId: string;
    readonly role: string;
    readonly status: string;
    readonly minutes: number;
    readonly canUseChat: boolean;
    readonly canShareScreen: boolean;
  }[];
  readonly sessions: readonly SpanRow[];
  readonly media: readonly (SpanRow & { readonly kind: string })[];
  /** All but system messages. */
  readonly messages: readonly CountRow[];
  /** Votes in polls that record names. */
  readonly votes: readonly CountRow[];
  readonly polls: { readonly created: number; readonly named: number };
  readonly issues: number;
}

/** One person's row of `participant_engagement_metrics`. */
export interface Metrics {
  readonly userId: string;
  readonly attendanceMinutes: number;
  readonly attendanceSeconds: number;
  readonly chatMessages: number;
  readonly pollsParticipated: number;
  readonly screenShareSeconds: number;
  readonly microphoneSeconds: number;
  readonly cameraSeconds: number;
  readonly speakingSeconds: number;
  readonly engagementScore: number | null;
}

/** A meeting's row of `meeting_analytics`, and everybody's metrics. */
export interface Analytics {
  readonly totalParticipants: number;
  readonly averageMinutes: number | null;
  readonly averageSeconds: number | null;
  readonly peak: number;
  readonly messages: number;
  readonly screenShares: number;
  readonly pollsCreated: number;
  readonly issues: number;
  readonly score: number | null;
  readonly coverage: Scores['coverage'];
  readonly people: readonly Metrics[];
}

const second = 1_000_000;

export function analyse(stored: StoredFacts): Analytics {
  const span: Span = [stored.startedAt, Math.max(stored.startedAt, stored.endedAt)];
  const stays = new Map<string, Span[]>();
  for (const [userId, spans] of byPerson(stored.sessions, span)) stays.set(userId, unionOf(spans, span));
  const people = factsOf(stored, stays, span);
  const used = (kind: string) => stored.media.some((interval) => interval.kind === kind);
  const messages = stored.messages.reduce((sum, { count }) => sum + count, 0);
  const scores = scoresOf(
    {
      durationSeconds: (span[1] - span[0]) / second,
      namedPolls: stored.polls.named,
      used: {
        ...{ chat: messages > 0, speaking: used('speaking'), microphone: used('microphone'), camera: used('camera') },
        ...{ hands: used('hand'), screenShare: used('screen') },
      },
    },
    people,
  );
  const attended = stored.roster.filter(({ status }) => status === 'Attended');
  return {
    totalParticipants: attended.length,
    averageMinutes: mean(
      attended.map(({ minutes }) => minutes),
      2,
    ),
    averageSeconds: mean(
      attended.map(({ userId }) => lengthOf(stays.get(userId) ?? []) / second),
      3,
    ),
    peak: peakOf([...stays.values()].flat()),
    messages,
    screenShares: stored.media.filter(({ kind }) => kind === 'screen').length,
    pollsCreated: stored.polls.created,
    issues: stored.issues,
    score: scores.meeting,
    coverage: scores.coverage,
    people: people.map((person) => ({
      userId: person.userId,
      attendanceMinutes: Math.floor(person.attendance / 60),
      attendanceSeconds: person.attendance,
      chatMessages: person.chat,
      pollsParticipated: person.polls,
      screenShareSeconds: person.screen,
      microphoneSeconds: person.microphone,
      cameraSeconds: person.camera,
      speakingSeconds: person.speaking,
      engagementScore: scores.people.get(person.userId) ?? null,
    })),
  };
}

function mean(values: readonly number[], digits: number): number | null {
  if (values.length === 0) return null;
  return Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(digits));
}

/** Everybody of the roster who was ever there. Two devices with the camera on are one camera. */
function factsOf(stored: StoredFacts, stays: ReadonlyMap<string, readonly Span[]>, span: Span): PersonFacts[] {
  const on = new Map<string, Map<string, number>>();
  for (const kind of ['microphone', 'speaking', 'camera', 'screen']) {
    const seconds = new Map<string, number>();
    const intervals = stored.media.filter((interval) => interval.kind === kind);
    for (const [userId, spans] of byPerson(intervals, span))
      seconds.set(userId, overlapOf(unionOf(spans, span), stays.get(userId) ?? []) / second);
    on.set(kind, seconds);
  }
  const hands = new Map<string, number>();
  for (const { kind, userId, from } of stored.media)
    if (kind === 'hand' && contains(stays.get(userId) ?? [], from)) hands.set(userId, (hands.get(userId) ?? 0) + 1);
  const messages = new Map(stored.messages.map(({ userId, count }) => [userId, count]));
  const votes = new Map(stored.votes.map(({ userId, count }) => [userId, count]));
  return stored.roster.flatMap(({ userId, role, canUseChat, canShareScreen }) => {
    const union = stays.get(userId);
    if (union === undefined) return [];
    const seconds = (kind: string) => on.get(kind)?.get(userId) ?? 0;
    return [
      {
        ...{ userId, role, canUseChat, canShareScreen },
        attendance: lengthOf(union) / second,
        chat: messages.get(userId) ?? 0,
        polls: votes.get(userId) ?? 0,
        speaking: seconds('speaking'),
        microphone: seconds('microphone'),
        camera: seconds('camera'),
        screen: seconds('screen'),
        hands: hands.get(userId) ?? 0,
      },
    ];
  });
}

function byPerson(rows: readonly SpanRow[], [, latest]: Span): Map<string, Span[]> {
  const spans = new Map<string, Span[]>();
  for (const { userId, from, to } of rows) {
    const known = spans.get(userId);
    const span: Span = [from, to ?? latest];
    if (known === undefined) spans.set(userId, [span]);
    else known.push(span);
  }
  return spans;
}
