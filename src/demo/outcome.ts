import type { EngagementExplanation, EngagementMetricsView, MeetingAnalyticsView } from '../engagement/index.ts';
import type { AnyEvent } from '../events/catalogue.ts';
import type { IntegrityReport } from '../integrity/index.ts';
import type { MeetingView } from '../meetings/index.ts';
import type { AttendanceView, ParticipantView, SessionView } from '../participants/index.ts';
import type { PollResults } from '../polls/index.ts';
import type { Rooms } from '../rooms.ts';
import type { CastMember } from './cast.ts';
import type { Stage } from './replay.ts';

/** How a person answered before the class, as it stood when it began. */
export type Answer = 'host' | 'accepted' | 'promoted' | 'declined' | 'tentative' | 'no answer';

/** One person of the class, with what the library says of them. */
export interface Person extends CastMember {
  readonly participant: ParticipantView;
  readonly answer: Answer;
  /** Exact; 0 for somebody who never came. */
  readonly seconds: number;
  /** Of the class, 0 to 1. */
  readonly share: number;
  readonly sessions: readonly SessionView[];
  /** What they did while they were there; null for somebody who never came. */
  readonly metrics: EngagementMetricsView | null;
  /** Null for somebody who never came. */
  readonly explanation: EngagementExplanation | null;
}

/** All that the class came to. */
export interface Outcome {
  readonly meeting: MeetingView;
  readonly people: readonly Person[];
  readonly connections: number;
  readonly peak: { readonly people: number; readonly at: Date };
  readonly analytics: MeetingAnalyticsView;
  /** In the order in which they were asked. */
  readonly polls: readonly PollResults[];
  /** Of the meeting's own stream, in the order of their numbers. */
  readonly events: readonly AnyEvent[];
  /** Events that went to people's own streams. */
  readonly inboxEvents: number;
  /** People whose presence is to the second what somebody else counted from the recording. */
  readonly agreeing: number;
  /** People who were heard for as long, to the millisecond, as somebody else counted. */
  readonly agreeingTalk: number;
  /** Polls whose votes are those that somebody else counted. */
  readonly agreeingPolls: number;
  readonly integrity: IntegrityReport;
}

/** Asks the library for everything there is to tell, as the host. @param told every event since the service was opened */
export async function outcomeOf(stage: Stage, meetingId: string, told: readonly AnyEvent[]): Promise<Outcome> {
  const { service, cast, recording } = stage;
  const teacher = service.as({ userId: cast.host.userId });
  const attendance = await teacher.participants.attendance(meetingId);
  const { items: roster } = await teacher.participants.list(meetingId);
  const events = told.filter(({ stream }) => stream.kind === 'meeting' && stream.id === meetingId);
  const { items: metrics } = await teacher.engagement.participants(meetingId);
  const polls = await pollsOf(teacher, meetingId);
  const people: Person[] = [];
  for (const member of cast.everybody) {
    const participant = roster.find(({ authUserId }) => authUserId === member.userId);
    if (participant === undefined) throw new Error(`${member.name} is not on the roster.`);
    const stay = attendance.people.find(({ authUserId }) => authUserId === member.userId);
    people.push({
      ...member,
      participant,
      answer: answerOf(member.userId, events),
      seconds: stay?.seconds ?? 0,
      share: stay?.share ?? 0,
      sessions: stay?.sessions ?? [],
      metrics: metrics.find(({ authUserId }) => authUserId === member.userId) ?? null,
      explanation: stay === undefined ? null : await teacher.engagement.explain(meetingId, member.userId),
    });
  }
  return {
    meeting: await teacher.meetings.get(meetingId),
    people,
    connections: connectionsIn(attendance),
    peak: peakOf(events),
    analytics: await teacher.engagement.meeting(meetingId),
    polls,
    events,
    inboxEvents: told.length - events.length,
    agreeing: people.filter(({ name, seconds }) => {
      const counted = recording.countedPresence.get(name);
      return counted !== undefined && Math.round(seconds) === Math.round(counted / 1000);
    }).length,
    agreeingTalk: people.filter(({ name, metrics: done }) => {
      const heard = Math.round((done?.speakingSeconds ?? 0) * 1000);
      return done !== null && heard === (recording.countedTalk.get(name) ?? 0);
    }).length,
    agreeingPolls: polls.filter((poll, index) => isAsCounted(poll, recording.countedVotes[index])).length,
    integrity: await service.checkIntegrity(),
  };
}

async function pollsOf(teacher: Rooms, meetingId: string): Promise<PollResults[]> {
  const results: PollResults[] = [];
  const { items } = await teacher.polls.list(meetingId);
  for (const { id } of items.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()))
    results.push(await teacher.polls.results(id));
  return results;
}

function isAsCounted({ totals }: PollResults, counted: ReadonlyMap<number, number> | undefined): boolean {
  return totals?.options.every(({ votes }, option) => votes === (counted?.get(option) ?? 0)) ?? false;
}

/** The last thing that happened to a person's invitation before the class. */
function answerOf(userId: string, events: readonly AnyEvent[]): Answer {
  let answer: Answer = 'host';
  for (const { type, data } of events) {
    if (!('inviteeId' in data) || data.inviteeId !== userId) continue;
    if (type === 'invitation.sent') answer = 'no answer';
    else if (type === 'invitation.accepted') answer = 'accepted';
    else if (type === 'invitation.declined') answer = 'declined';
    else if (type === 'invitation.tentative') answer = 'tentative';
    else if (type === 'invitation.promoted') answer = 'promoted';
  }
  return answer;
}

/** The most people at one time, and since when: counted as one who watched the events would have. */
function peakOf(events: readonly AnyEvent[]): { people: number; at: Date } {
  let present = 0;
  let peak = { people: 0, at: new Date(events[0]?.time ?? 0) };
  for (const { type, time } of events) {
    if (type === 'participant.joined') present++;
    else if (type === 'participant.left' || type === 'participant.removed') present--;
    if (present > peak.people) peak = { people: present, at: new Date(time) };
  }
  return peak;
}

function connectionsIn(attendance: AttendanceView): number {
  return new Set(attendance.people.flatMap(({ sessions }) => sessions.map(({ connectionId }) => connectionId))).size;
}
