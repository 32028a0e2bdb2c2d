import type {
  EngagementFormula,
  EngagementMetric,
  EngagementMetricName,
  PersonEngagementFacts,
} from './engagement.formula.ts';
import {
  type Criterion,
  earnedOn,
  type EngagementRubric,
  type EngagementStanding,
  factorOf,
  isUnscoredHost,
  rounded,
  scoreOf,
  shareOf,
  standingFor,
  valueOf,
  weightFor,
} from './engagement.rules.ts';

/** One metric's part in a score. */
export interface EngagementPart {
  readonly metric: EngagementMetricName;
  readonly label: string;
  readonly standing: EngagementStanding;
  /** The weight in the formula. */
  readonly weight: number;
  /** The most points this part could earn with full attendance, after the weights of what does not count were spread. */
  readonly renormalisedWeight: number;
  /** What the person did, in the metric's own unit (durations in seconds); null where nothing is recorded. */
  readonly value: number | null;
  /** What earns full marks, in the same unit. */
  readonly target: number;
  /** What the part adds to the score, attendance applied; the parts add up to the score exactly. */
  readonly points: number;
  /** The same in words. */
  readonly sentence: string;
}

export interface EngagementExplanation {
  readonly userId: string;
  readonly formulaVersion: string;
  /** 0 to 100 with two decimals; null for a host whose scoring nobody asked for. */
  readonly score: number | null;
  /** Part of the meeting attended, 0 to 1. */
  readonly attendanceShare: number;
  /** Empty for a host who is not scored. */
  readonly parts: readonly EngagementPart[];
  readonly sentence: string;
}

/** A person's score, part by part, in numbers and in words. */
export function explain(person: PersonEngagementFacts, rubric: EngagementRubric): EngagementExplanation {
  const { formula } = rubric;
  const attendanceShare = shareOf(person, rubric);
  const common = { userId: person.userId, formulaVersion: formula.version, attendanceShare };
  if (isUnscoredHost(person, rubric))
    return { ...common, score: formula.hosts.score, parts: [], sentence: 'Who hosts a meeting is not scored in it.' };
  const score = scoreOf(person, rubric) ?? 0;
  const marks = marksOf(person, rubric);
  const points = apportioned(
    score,
    marks.map(({ earned }) => earned),
  );
  const parts = marks.map(({ criterion, standing, value, renormalisedWeight }, index): EngagementPart => {
    const { metric, target } = criterion;
    const { name, label, weight } = metric;
    const part = {
      metric: name,
      label,
      standing,
      weight,
      renormalisedWeight,
      value,
      target,
      points: points[index] ?? 0,
    };
    return { ...part, sentence: partSentence(part, metric.unit) };
  });
  return { ...common, score, parts, sentence: scoreSentence(score, attendanceShare, parts, formula) };
}

interface Mark {
  readonly criterion: Criterion;
  /** The person's, which the criterion's is unless it is not permitted to them. */
  readonly standing: EngagementStanding;
  readonly value: number | null;
  readonly renormalisedWeight: number;
  /** Points before rounding. */
  readonly earned: number;
}

function marksOf(person: PersonEngagementFacts, rubric: EngagementRubric): Mark[] {
  const [total, share] = [weightFor(person, rubric), factorOf(person, rubric)];
  return rubric.criteria.map((criterion): Mark => {
    const standing = standingFor(criterion, person);
    const counts = standing === 'counts' && total > 0;
    return {
      criterion,
      standing,
      value: valueOf(criterion, person),
      renormalisedWeight: counts ? (100 * criterion.metric.weight) / total : 0,
      earned: counts ? earnedOn(criterion, person, total, share) : 0,
    };
  });
}

/** Rounds the parts so that they add up to the rounded score: what is left over goes to the largest remainders. */
function apportioned(score: number, earned: readonly number[]): number[] {
  const cents = earned.map((points) => Math.floor(points * 100));
  const byRemainder = earned
    .map((points, index) => ({ index, remainder: points * 100 - Math.floor(points * 100), points }))
    .filter(({ points }) => points > 0)
    .toSorted((a, b) => b.remainder - a.remainder || a.index - b.index);
  const missing = Math.round(score * 100) - cents.reduce((sum, points) => sum + points, 0);
  for (const { index } of byRemainder.slice(0, Math.max(0, missing))) cents[index] = (cents[index] ?? 0) + 1;
  return cents.map((points) => points / 100);
}

const reasons = {
  notOffered: 'no part of this meeting, so not counted.',
  notObserved: 'not observed, so not counted.',
  replaced: 'not counted, because something more exact was measured.',
  notPermitted: 'not allowed to this person, so not counted.',
} satisfies Record<Exclude<EngagementStanding, 'counts'>, string>;

function partSentence(part: Omit<EngagementPart, 'sentence'>, unit: EngagementMetric['unit']): string {
  if (part.standing !== 'counts') return `${part.label}: ${reasons[part.standing]}`;
  const done = worded(part.value ?? 0, unit);
  return `${part.label}: ${done} (${enoughOf(part.target, unit)}), ${part.points} of ${rounded(part.renormalisedWeight)} points.`;
}

function enoughOf(target: number, unit: EngagementMetric['unit']): string {
  if (target > 1) return `full marks from ${worded(target, unit)} on`;
  return unit === 'duration' ? 'any time is enough' : 'one is enough';
}

function scoreSentence(
  score: number,
  attendanceShare: number,
  parts: readonly EngagementPart[],
  formula: EngagementFormula,
): string {
  const attended = `Present for ${Math.round(attendanceShare * 100)} % of the meeting`;
  const result = `${score} of 100 by the formula ${formula.version}.`;
  if (!formula.weighByAttendance) return result;
  if (parts.every(({ standing }) => standing !== 'counts'))
    return `${attended}, and nothing else could be measured: ${result}`;
  return `${attended}, which multiplies every part: ${result}`;
}

function worded(value: number, unit: EngagementMetric['unit']): string {
  if (unit !== 'duration') return `${value} ${value === 1 ? unit.one : unit.many}`;
  const seconds = Math.round(value);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}
