import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { engagementEvents } from './engagement.events.ts';
import {
  type AnalyticsInput,
  type MetricsInput,
  upsertAnalytics,
  upsertMetrics,
} from './engagement.figures.statements.ts';
import { convokeFormula, engagementFormulas, type EngagementFormula } from './engagement.formula.ts';
import { type EngagementRubric, meetingScoreOf, rubricOf, scoreOf } from './engagement.rules.ts';
import {
  meetingFacts,
  type MeetingFactsRow,
  participantFacts,
  type ParticipantFactsRow,
} from './engagement.statements.ts';

/** Everything that scores rest on. */
export interface CountedFacts {
  readonly meeting: MeetingFactsRow;
  readonly people: readonly ParticipantFactsRow[];
  readonly rubric: EngagementRubric;
}

const scoringOf = statement<{ score_hosts: boolean; formula_version: string | null }>(
  'engagement-scoring',
  (t) => `
  select coalesce((m.settings->>'scoreHosts')::boolean, false) as score_hosts, a.formula_version
  from ${t.meetings} m left join ${t.meeting_analytics} a on a.meeting_id = m.id
  where m.id = $1::uuid`,
);

/** The facts as they are stored now, and the formula fitted to them. */
export async function countFacts(work: Work, meetingId: string, formula?: EngagementFormula): Promise<CountedFacts> {
  const now = work.clockParameter;
  const people = await work.run(participantFacts, [meetingId, now]);
  const meeting = await work.one(meetingFacts, [meetingId, now]);
  const scoring = await work.one(scoringOf, [meetingId]);
  const stored = engagementFormulas.get(scoring.formula_version ?? '');
  const options = { formula: formula ?? stored ?? convokeFormula, scoreHosts: scoring.score_hosts };
  return { meeting, people, rubric: rubricOf(meeting, people, options) };
}

/**
 * Counts and stores attendance and engagement: sums in SQL over all people at once, scores in plain code, one statement to
 * store them. Repeating it with the same facts gives the same figures.
 */
export async function settleEngagement(work: Work, meetingId: string): Promise<void> {
  const { meeting, people, rubric } = await countFacts(work, meetingId, convokeFormula);
  const { version } = rubric.formula;
  const coverage = JSON.stringify(rubric.coverage);
  const now = work.clockParameter;
  const metrics = people.map((person): MetricsInput => ({
    ...person,
    id: newId(),
    engagementScore: scoreOf(person, rubric),
  }));
  await work.run(upsertMetrics, [meetingId, version, coverage, now, JSON.stringify(metrics)]);
  const engagementScore = meetingScoreOf(people, rubric);
  const analytics: AnalyticsInput = { ...meeting, engagementScore, recordingDurationMinutes: null };
  await work.run(upsertAnalytics, [meetingId, newId(), version, coverage, now, JSON.stringify(analytics)]);
  const data = { formulaVersion: version, engagementScore, people: people.length };
  work.emit(engagementEvents, 'analytics.ready', meetingStream(meetingId), data, { audience: 'hosts', actorId: null });
}
