/**
 * The engagement formula `convoke-1`, written a second time from its description: what is measured, how much is enough, and how
 * much it weighs. Whoever counts, the same facts have to come to the same score.
 */
export interface PersonFacts {
  readonly userId: string;
  readonly role: string;
  readonly canUseChat: boolean;
  readonly canShareScreen: boolean;
  /** Exact seconds of the union of stays. */
  readonly attendance: number;
  readonly chat: number;
  readonly polls: number;
  readonly speaking: number;
  readonly microphone: number;
  readonly camera: number;
  readonly screen: number;
  readonly hands: number;
}

export interface MeetingFacts {
  readonly durationSeconds: number;
  readonly namedPolls: number;
  /** What anybody used at all. */
  readonly used: Readonly<Record<'chat' | 'speaking' | 'microphone' | 'camera' | 'hands' | 'screenShare', boolean>>;
}

export const formulaVersion = 'convoke-1';

interface Part {
  readonly name: string;
  readonly weight: number;
  readonly counts: boolean;
  readonly target: number;
  readonly value: (person: PersonFacts) => number;
  readonly permitted?: (person: PersonFacts) => boolean;
}

export interface Scores {
  /** By user; null for whoever runs the meeting. */
  readonly people: ReadonlyMap<string, number | null>;
  readonly meeting: number | null;
  readonly coverage: Readonly<Record<string, boolean>>;
}

export function scoresOf(meeting: MeetingFacts, people: readonly PersonFacts[]): Scores {
  const parts = partsOf(meeting);
  const scores = new Map<string, number | null>();
  let weighted = 0;
  let total = 0;
  for (const person of people) {
    const score = isHost(person) ? null : scoreOf(parts, person, meeting.durationSeconds);
    scores.set(person.userId, score);
    if (score === null) continue;
    weighted += score * person.attendance;
    total += person.attendance;
  }
  const scored = [...scores.values()].some((score) => score !== null);
  return {
    people: scores,
    meeting: scored ? (total === 0 ? 0 : rounded(weighted / total)) : null,
    coverage: Object.fromEntries(parts.map(({ name, counts }) => [name, counts])),
  };
}

function partsOf({ durationSeconds, namedPolls, used }: MeetingFacts): Part[] {
  const perHour = (amount: number, least: number, most: number) =>
    Math.min(most, Math.max(least, Math.round((amount * durationSeconds) / 3600)));
  const share = (part: number, mostMinutes: number) => Math.min(mostMinutes * 60, part * durationSeconds);
  return [
    { name: 'presence', weight: 30, counts: true, target: 1, value: (person) => person.attendance },
    {
      ...{ name: 'chat', weight: 20, counts: used.chat, target: perHour(4, 1, 16) },
      ...{ value: (person) => person.chat, permitted: (person) => person.canUseChat },
    },
    { name: 'polls', weight: 20, counts: namedPolls > 0, target: namedPolls, value: (person) => person.polls },
    {
      name: 'speaking',
      weight: 15,
      counts: used.speaking,
      target: share(0.03, 10),
      value: (person) => person.speaking,
    },
    {
      ...{ name: 'microphone', weight: 15, counts: used.microphone && !used.speaking, target: share(0.1, 30) },
      value: (person) => person.microphone,
    },
    { name: 'camera', weight: 5, counts: used.camera, target: share(0.5, 120), value: (person) => person.camera },
    { name: 'hands', weight: 5, counts: used.hands, target: perHour(2, 1, 6), value: (person) => person.hands },
    {
      ...{ name: 'screenShare', weight: 5, counts: used.screenShare, target: share(0.05, 15) },
      ...{ value: (person) => person.screen, permitted: (person) => person.canShareScreen },
    },
  ];
}

function scoreOf(parts: readonly Part[], person: PersonFacts, durationSeconds: number): number {
  const attended = durationSeconds <= 0 ? 0 : Math.min(1, Math.max(0, person.attendance / durationSeconds));
  const judged = parts.filter(
    ({ counts, value, permitted }) => counts && (permitted?.(person) !== false || value(person) > 0),
  );
  const weight = judged.reduce((sum, part) => sum + part.weight, 0);
  const points = judged.reduce((sum, part) => {
    const ratio = part.target > 0 ? Math.min(1, Math.max(0, part.value(person)) / part.target) : 0;
    return sum + ((100 * part.weight) / weight) * ratio * attended;
  }, 0);
  return Math.min(100, rounded(points));
}

function isHost({ role }: PersonFacts): boolean {
  return role === 'Host' || role === 'CoHost';
}

/** To two decimals, as the columns hold them. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
