import {
  convokeFormula,
  type EngagementFormula,
  type EngagementMetric,
  type EngagementMetricName,
  type MeetingEngagementFacts,
  type PersonEngagementFacts,
} from './engagement.formula.ts';

/**
 * What could be observed, by metric: false for what a video platform does not report or a host does not want measured.
 * What is absent was observed.
 */
export type EngagementCoverage = Readonly<Partial<Record<EngagementMetricName, boolean>>>;

export interface EngagementOptions {
  /** @default convokeFormula */
  readonly formula?: EngagementFormula;
  /** @default everything observed */
  readonly coverage?: EngagementCoverage;
  /** @default false */
  readonly scoreHosts?: boolean;
}

/** Whether a metric counts and, if not, why. */
export type EngagementStanding = 'counts' | 'notOffered' | 'notObserved' | 'replaced' | 'notPermitted';

interface Criterion {
  readonly metric: EngagementMetric;
  readonly target: number;
  readonly standing: EngagementStanding;
}

/** A formula fitted to one meeting: everybody in it is held to the same. */
export interface EngagementRubric {
  readonly formula: EngagementFormula;
  readonly criteria: readonly Criterion[];
  readonly durationSeconds: number;
  readonly scoreHosts: boolean;
  /** What counts in this meeting. Stored beside the scores; given back as coverage it makes the same rubric. */
  readonly coverage: Readonly<Record<string, boolean>>;
}

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

/**
 * Fits a formula to a meeting. A metric counts when the meeting offered it and it could be observed: polls when one was
 * opened, anything else once anybody used it. `people` is everybody who had a session; only targets relative to the most
 * active person read it.
 */
export function rubricOf(
  meeting: MeetingEngagementFacts,
  people: readonly PersonEngagementFacts[],
  options: EngagementOptions = {},
): EngagementRubric {
  const { formula = convokeFormula, coverage = {}, scoreHosts = false } = options;
  const viewers = people.filter(({ role }) => !formula.hosts.roles.includes(role));
  const offered = formula.metrics.map((metric) => {
    const target = targetOf(metric, meeting, viewers);
    return { metric, target, standing: standingOf(metric, target, meeting, coverage) };
  });
  const counting = new Set(offered.flatMap(({ metric, standing }) => (standing === 'counts' ? [metric.name] : [])));
  const criteria = offered.map((criterion): Criterion => {
    const { insteadOf } = criterion.metric;
    const replaced = criterion.standing === 'counts' && insteadOf !== null && counting.has(insteadOf);
    return replaced ? { ...criterion, standing: 'replaced' } : criterion;
  });
  return {
    formula,
    criteria,
    durationSeconds: meeting.durationSeconds,
    scoreHosts,
    coverage: Object.fromEntries(criteria.map(({ metric, standing }) => [metric.name, standing === 'counts'])),
  };
}

/** A person's score, 0 to 100 with two decimals; null for a host whose scoring nobody asked for. */
export function scoreOf(person: PersonEngagementFacts, rubric: EngagementRubric): number | null {
  return isUnscoredHost(person, rubric) ? rubric.formula.hosts.score : marksOf(person, rubric).score;
}

/**
 * The meeting's score: the mean over the people who are scored, weighted by their attendance where the formula says so;
 * hosts only if asked for. Null when nobody is scored.
 */
export function meetingScoreOf(people: readonly PersonEngagementFacts[], rubric: EngagementRubric): number | null {
  const scored = people.flatMap((person) => {
    const score = isUnscoredHost(person, rubric) ? null : scoreOf(person, rubric);
    const weight = rubric.formula.weighByAttendance ? Math.max(0, person.attendanceSeconds) : 1;
    return score === null ? [] : [{ score, weight }];
  });
  if (scored.length === 0) return null;
  const total = scored.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 0 : rounded(scored.reduce((sum, { score, weight }) => sum + score * weight, 0) / total);
}

/** A person's score, part by part, in numbers and in words. */
export function explain(person: PersonEngagementFacts, rubric: EngagementRubric): EngagementExplanation {
  const { formula } = rubric;
  const attendanceShare = shareOf(person, rubric);
  const common = { userId: person.userId, formulaVersion: formula.version, attendanceShare };
  if (isUnscoredHost(person, rubric))
    return { ...common, score: formula.hosts.score, parts: [], sentence: 'Who hosts a meeting is not scored in it.' };
  const { score, marks } = marksOf(person, rubric);
  const points = apportioned(
    score,
    marks.map(({ earned }) => earned),
  );
  const parts = marks.map(({ criterion, value, renormalisedWeight }, index): EngagementPart => {
    const { metric, target, standing } = criterion;
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
  readonly value: number | null;
  readonly renormalisedWeight: number;
  /** Points before rounding. */
  readonly earned: number;
}

function marksOf(person: PersonEngagementFacts, rubric: EngagementRubric): { score: number; marks: readonly Mark[] } {
  const { formula } = rubric;
  const share = formula.weighByAttendance ? shareOf(person, rubric) : 1;
  const judged = rubric.criteria.map((criterion) => judgedOn(criterion, person));
  const counting = judged.filter(({ criterion }) => criterion.standing === 'counts');
  const weighed = formula.renormalise ? counting : judged;
  const total = weighed.reduce((sum, { criterion }) => sum + criterion.metric.weight, 0);
  // Nothing to judge by but being there: the weight of everything has passed to attendance.
  if (total === 0) return { score: rounded(100 * share), marks: judged.map((mark) => ({ ...mark, ...nothing })) };
  const marks = judged.map((mark): Mark => {
    const { metric, target, standing } = mark.criterion;
    if (standing !== 'counts') return { ...mark, ...nothing };
    const renormalisedWeight = (100 * metric.weight) / total;
    const ratio = target > 0 ? Math.min(1, Math.max(0, mark.value ?? 0) / target) : 0;
    return { ...mark, renormalisedWeight, earned: renormalisedWeight * ratio * share };
  });
  const sum = marks.reduce((points, { earned }) => points + earned, 0);
  return { score: Math.min(100, rounded(sum)), marks };
}

const nothing = { renormalisedWeight: 0, earned: 0 };

function judgedOn(criterion: Criterion, person: PersonEngagementFacts): Pick<Mark, 'criterion' | 'value'> {
  const { fact, permission } = criterion.metric;
  const value = fact === null ? null : person[fact];
  const denied = criterion.standing === 'counts' && permission !== null && !person[permission] && value === 0;
  return { criterion: denied ? { ...criterion, standing: 'notPermitted' } : criterion, value };
}

function isUnscoredHost(person: PersonEngagementFacts, rubric: EngagementRubric): boolean {
  return !rubric.scoreHosts && rubric.formula.hosts.roles.includes(person.role);
}

function shareOf(person: PersonEngagementFacts, rubric: EngagementRubric): number {
  if (rubric.durationSeconds <= 0) return 0;
  return Math.min(1, Math.max(0, person.attendanceSeconds / rubric.durationSeconds));
}

function targetOf(
  { fact, target }: EngagementMetric,
  meeting: MeetingEngagementFacts,
  viewers: readonly PersonEngagementFacts[],
): number {
  if (target.kind === 'fixed') return target.amount;
  if (target.kind === 'polls') return meeting[target.of];
  if (target.kind === 'shareOfMeeting')
    return Math.min(target.mostMinutes * 60, target.share * meeting.durationSeconds);
  if (target.kind === 'perHour') {
    const expected = Math.round((target.amount * meeting.durationSeconds) / 3600);
    return Math.min(target.most, Math.max(target.least, expected));
  }
  return fact === null ? 0 : viewers.reduce((highest, viewer) => Math.max(highest, viewer[fact]), 0);
}

function standingOf(
  { name, fact, target }: EngagementMetric,
  enough: number,
  meeting: MeetingEngagementFacts,
  coverage: EngagementCoverage,
): EngagementStanding {
  if (fact === null || coverage[name] === false) return 'notObserved';
  if (fact === 'attendanceSeconds') return 'counts';
  const offered = target.kind === 'polls' || target.kind === 'highest' ? enough > 0 : meeting.used[name] === true;
  return offered ? 'counts' : 'notOffered';
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

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
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
