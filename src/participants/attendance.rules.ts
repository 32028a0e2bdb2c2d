/**
 * Attendance from sessions. A session is one stay of one person over one connection; a person's attendance is the
 * union of their sessions, so two devices never count twice and ten short reconnects lose nothing to rounding.
 *
 * Every function gives the same answer for the same sessions in any order and with any of them repeated.
 */

/** One stay over one connection. */
export interface AttendanceSession {
  /** Null for a guest, who counts nowhere until somebody claims the session. */
  readonly userId: string | null;
  readonly joinedAt: Date;
  /** Null while the session is open. */
  readonly leftAt: Date | null;
  /** The last sign of life; null when the connection has never sent one. */
  readonly lastHeartbeatAt: Date | null;
}

/** What a source of attendance reports: one person's connection joined or left. */
export interface AttendanceSignal {
  readonly kind: 'join' | 'leave';
  readonly userId: string | null;
  /** Who reports: this library or a video platform. Connections of different sources are never paired. */
  readonly source: string;
  readonly connectionId: string;
  readonly at: Date;
}

/** A session made from signals. */
export interface PairedSession extends AttendanceSession {
  readonly source: string;
  readonly connectionId: string;
}

export interface PairedSignals {
  readonly sessions: readonly PairedSession[];
  /**
   * Leaves whose join is unknown so far. Hold them and pair again when more signals arrive: platforms deliver late and
   * out of order. They count as no attendance; still alone when the meeting has ended, each is a fault in the data.
   */
  readonly heldLeaves: readonly AttendanceSignal[];
}

/** The time that attendance is clamped to, half-open: the start belongs to the meeting, the end does not. */
export interface AttendanceWindow {
  readonly actualStartTime: Date;
  /** For a meeting in progress: the time of asking. */
  readonly actualEndTime: Date;
}

/** A half-open stretch of time, `[startedAt, endedAt)`. */
export interface AttendanceInterval {
  readonly startedAt: Date;
  readonly endedAt: Date;
}

export interface PersonAttendance {
  readonly userId: string;
  /** The union of the person's sessions: disjoint, ascending, never touching. */
  readonly intervals: readonly AttendanceInterval[];
  /** Exact length of the union. */
  readonly milliseconds: number;
  /** Exact length of the union, in seconds with a fraction. */
  readonly seconds: number;
  /** Whole minutes, rounded down once over the whole union. */
  readonly minutes: number;
  /** Part of the meeting attended, 0 to 1; 0 in a meeting without any length. */
  readonly share: number;
}

export interface MeetingAttendance {
  /** Everybody who had a session, even one of no length, by user id. */
  readonly people: readonly PersonAttendance[];
  /** The most distinct people present at one time. Who leaves as another joins is gone before. */
  readonly peak: number;
}

/** What makes somebody who joined count as attended: so many minutes, or a share (0 to 1) of the actual time. */
export type AttendanceThreshold = { readonly minutes: number } | { readonly share: number };

/** Milliseconds since the epoch, half-open. */
type Span = readonly [start: number, end: number];

/**
 * Pairs joins with leaves, connection by connection and by the time they happened, not the time they arrived: a stale
 * leave that is delivered after the rejoin closes the old session and leaves the new one open. A join of a connection
 * already joined and a leave repeated with the same time change nothing.
 */
export function pairSignals(signals: readonly AttendanceSignal[]): PairedSignals {
  const sessions: PairedSession[] = [];
  const heldLeaves: AttendanceSignal[] = [];
  for (const [, timeline] of [...timelinesOf(signals)].toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    let open: AttendanceSignal | null = null;
    for (const moment of timeline) {
      for (const signal of inOrder(moment, open !== null)) {
        if (signal.kind === 'join') open ??= signal;
        else if (open === null) heldLeaves.push(signal);
        else {
          sessions.push(sessionOf(open, signal));
          open = null;
        }
      }
    }
    if (open !== null) sessions.push(sessionOf(open, null));
  }
  return { sessions, heldLeaves };
}

/**
 * When a session ended, or counts as ended: a closed one when it was left, an open one at the meeting's end or
 * `heartbeatGraceMilliseconds` after its last heartbeat, whichever is earlier. A connection that never sent a heartbeat
 * has nothing to fall silent with, so it stays open. Never before the session began.
 */
export function sessionEnd(session: AttendanceSession, meetingEnd: Date, heartbeatGraceMilliseconds: number): Date {
  const { joinedAt, leftAt, lastHeartbeatAt } = session;
  const silentFrom =
    lastHeartbeatAt === null ? Number.POSITIVE_INFINITY : lastHeartbeatAt.getTime() + heartbeatGraceMilliseconds;
  const end = leftAt?.getTime() ?? Math.min(meetingEnd.getTime(), silentFrom);
  return new Date(Math.max(joinedAt.getTime(), end));
}

/** Each person's attendance and the peak, clamped to the window. */
export function attendanceOf(
  sessions: readonly AttendanceSession[],
  window: AttendanceWindow,
  options: { readonly heartbeatGraceMilliseconds: number },
): MeetingAttendance {
  const opens = window.actualStartTime.getTime();
  const closes = Math.max(opens, window.actualEndTime.getTime());
  const spansByUser = new Map<string, Span[]>();
  for (const session of sessions) {
    if (session.userId === null) continue;
    const end = sessionEnd(session, window.actualEndTime, options.heartbeatGraceMilliseconds).getTime();
    const spans = spansByUser.get(session.userId) ?? [];
    spans.push([Math.max(opens, session.joinedAt.getTime()), Math.min(closes, end)]);
    spansByUser.set(session.userId, spans);
  }
  const unions = [...spansByUser]
    .map(([userId, spans]) => ({ userId, union: unionOf(spans) }))
    .toSorted((a, b) => (a.userId < b.userId ? -1 : 1));
  return {
    people: unions.map(({ userId, union }) => personAttendance(userId, union, closes - opens)),
    peak: peakOf(unions.flatMap(({ union }) => union)),
  };
}

/**
 * Whether somebody attended. `unionSeconds` is null for a person without any session, who never did. Without a
 * threshold whoever joined attended, however briefly; with one, exactly meeting it is enough. A threshold in minutes is
 * meant literally: nobody meets 30 minutes in a meeting that ended after 20. A share is compared to the millisecond.
 */
export function isAttended(
  unionSeconds: number | null,
  meetingSeconds: number,
  threshold: AttendanceThreshold | null,
): boolean {
  if (unionSeconds === null) return false;
  if (threshold === null) return true;
  const neededSeconds = 'minutes' in threshold ? threshold.minutes * 60 : threshold.share * meetingSeconds;
  return Math.round(unionSeconds * 1000) >= Math.round(neededSeconds * 1000);
}

/** What one connection reported at one instant. A leave and a join together are a rejoin, unless nothing was open. */
interface Moment {
  join: AttendanceSignal | null;
  leave: AttendanceSignal | null;
}

function inOrder({ join, leave }: Moment, isOpen: boolean): AttendanceSignal[] {
  return (isOpen ? [leave, join] : [join, leave]).filter((signal) => signal !== null);
}

function timelinesOf(signals: readonly AttendanceSignal[]): Map<string, Moment[]> {
  const byConnection = new Map<string, Map<number, Moment>>();
  for (const signal of signals) {
    const key = JSON.stringify([signal.source, signal.connectionId, signal.userId]);
    const moments = byConnection.get(key) ?? new Map<number, Moment>();
    const moment = moments.get(signal.at.getTime()) ?? { join: null, leave: null };
    moment[signal.kind] = signal;
    moments.set(signal.at.getTime(), moment);
    byConnection.set(key, moments);
  }
  const timelines = new Map<string, Moment[]>();
  for (const [key, moments] of byConnection)
    timelines.set(
      key,
      [...moments].toSorted((a, b) => a[0] - b[0]).map(([, moment]) => moment),
    );
  return timelines;
}

function sessionOf(join: AttendanceSignal, leave: AttendanceSignal | null): PairedSession {
  const { userId, source, connectionId } = join;
  return { userId, source, connectionId, joinedAt: join.at, leftAt: leave?.at ?? null, lastHeartbeatAt: null };
}

function personAttendance(userId: string, union: readonly Span[], meetingMilliseconds: number): PersonAttendance {
  const milliseconds = union.reduce((sum, [start, end]) => sum + end - start, 0);
  return {
    userId,
    intervals: union.map(([start, end]) => ({ startedAt: new Date(start), endedAt: new Date(end) })),
    milliseconds,
    seconds: milliseconds / 1000,
    minutes: Math.floor(milliseconds / 60_000),
    share: meetingMilliseconds === 0 ? 0 : milliseconds / meetingMilliseconds,
  };
}

function unionOf(spans: readonly Span[]): Span[] {
  const union: [start: number, end: number][] = [];
  for (const [start, end] of spans.toSorted((a, b) => a[0] - b[0])) {
    if (end <= start) continue;
    const last = union.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else union.push([start, end]);
  }
  return union;
}

function peakOf(spans: readonly Span[]): number {
  const steps = spans.flatMap(([start, end]) => [
    { at: start, change: 1 },
    { at: end, change: -1 },
  ]);
  let present = 0;
  let peak = 0;
  for (const { change } of steps.toSorted((a, b) => a.at - b.at || a.change - b.change)) {
    present += change;
    peak = Math.max(peak, present);
  }
  return peak;
}
