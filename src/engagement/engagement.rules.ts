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

export interface Criterion {
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
  if (isUnscoredHost(person, rubric)) return rubric.formula.hosts.score;
  const [total, share] = [weightFor(person, rubric), factorOf(person, rubric)];
  // Nothing to judge by but being there: the weight of everything has passed to attendance.
  if (total === 0) return rounded(100 * share);
  let sum = 0;
  for (const criterion of rubric.criteria) sum += earnedOn(criterion, person, total, share);
  return Math.min(100, rounded(sum));
}

/** Everybody's score, in the order of the people, and the meeting's, as {@link meetingScoreOf} tells it. */
export function scoresOf(
  people: readonly PersonEngagementFacts[],
  rubric: EngagementRubric,
): { readonly people: readonly (number | null)[]; readonly meeting: number | null } {
  const scores = people.map((person) => scoreOf(person, rubric));
  const scored = people.flatMap((person, index) => {
    const score = isUnscoredHost(person, rubric) ? null : (scores[index] ?? null);
    const weight = rubric.formula.weighByAttendance ? Math.max(0, person.attendanceSeconds) : 1;
    return score === null ? [] : [{ score, weight }];
  });
  if (scored.length === 0) return { people: scores, meeting: null };
  const total = scored.reduce((sum, { weight }) => sum + weight, 0);
  const mean = scored.reduce((sum, { score, weight }) => sum + score * weight, 0) / total;
  return { people: scores, meeting: total === 0 ? 0 : rounded(mean) };
}

/**
 * The meeting's score: the mean over the people who are scored, weighted by their attendance where the formula says so;
 * hosts only if asked for. Null when nobody is scored.
 */
export function meetingScoreOf(people: readonly PersonEngagementFacts[], rubric: EngagementRubric): number | null {
  return scoresOf(people, rubric).meeting;
}

/** The weight that a person's hundred points are spread over. */
export function weightFor(person: PersonEngagementFacts, { criteria, formula }: EngagementRubric): number {
  let total = 0;
  for (const criterion of criteria)
    if (!formula.renormalise || standingFor(criterion, person) === 'counts') total += criterion.metric.weight;
  return total;
}

/** What a criterion adds to a person's score, of a total weight above zero. */
export function earnedOn(criterion: Criterion, person: PersonEngagementFacts, total: number, share: number): number {
  if (standingFor(criterion, person) !== 'counts') return 0;
  const { metric, target } = criterion;
  const ratio = target > 0 ? Math.min(1, Math.max(0, valueOf(criterion, person) ?? 0) / target) : 0;
  return ((100 * metric.weight) / total) * ratio * share;
}

/** A criterion's standing for one person, who may have been denied the means. */
export function standingFor(criterion: Criterion, person: PersonEngagementFacts): EngagementStanding {
  const { permission } = criterion.metric;
  const denied = permission !== null && !person[permission] && valueOf(criterion, person) === 0;
  return denied && criterion.standing === 'counts' ? 'notPermitted' : criterion.standing;
}

/** What the person did, in the metric's unit. */
export function valueOf({ metric: { fact } }: Criterion, person: PersonEngagementFacts): number | null {
  return fact === null ? null : person[fact];
}

/** What a score is multiplied by. */
export function factorOf(person: PersonEngagementFacts, rubric: EngagementRubric): number {
  return rubric.formula.weighByAttendance ? shareOf(person, rubric) : 1;
}

export function isUnscoredHost(person: PersonEngagementFacts, rubric: EngagementRubric): boolean {
  return !rubric.scoreHosts && rubric.formula.hosts.roles.includes(person.role);
}

/** Part of the meeting attended, 0 to 1. */
export function shareOf(person: PersonEngagementFacts, rubric: EngagementRubric): number {
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

/** To two decimals. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
