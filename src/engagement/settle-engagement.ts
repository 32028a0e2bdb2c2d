import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Work } from '../core/work.ts';
import { engagementEvents } from './engagement.events.ts';
import {
  type AnalyticsInput,
  type MetricsInput,
  metricsParameters,
  upsertAnalytics,
  upsertMetrics,
} from './engagement.figures.statements.ts';
import { convokeFormula } from './engagement.formula.ts';
import { scoresOf } from './engagement.rules.ts';
import { readFacts } from './read-facts.ts';

/**
 * Counts and stores attendance and engagement: each source read once, unions and scores in plain code,
 * one statement to store them. Repeating it with the same facts gives the same figures.
 */
export async function settleEngagement(work: Work, meetingId: string): Promise<void> {
  const { meeting, people, rubric } = await readFacts(work, meetingId, convokeFormula);
  const { version } = rubric.formula;
  const coverage = JSON.stringify(rubric.coverage);
  const now = work.clockParameter;
  const scores = scoresOf(people, rubric);
  const metrics = people.map((person, index): MetricsInput => ({
    ...person,
    id: newId(),
    engagementScore: scores.people[index] ?? null,
  }));
  await work.run(upsertMetrics, [meetingId, version, coverage, now, ...metricsParameters(metrics)]);
  const engagementScore = scores.meeting;
  const analytics: AnalyticsInput = { ...meeting, engagementScore, recordingDurationMinutes: null };
  await work.run(upsertAnalytics, [meetingId, newId(), version, coverage, now, JSON.stringify(analytics)]);
  const data = { formulaVersion: version, engagementScore, people: people.length };
  work.emit(engagementEvents, 'analytics.ready', meetingStream(meetingId), data, { audience: 'hosts', actorId: null });
}
