import { MeetingError } from '../core/errors.ts';

const minute = 60_000;
const longest = 7 * 24 * 60 * minute;
/** How far in the past a start may lie, for clocks that differ and forms that were filled in slowly. */
const pastGrace = 5 * minute;

export interface Schedule {
  readonly scheduledStartTime: Date;
  readonly scheduledEndTime: Date;
}

/**
 * A meeting ends after it starts, lasts seven days at most, and does not start in the past.
 * @param imported history may be imported: then the past is allowed
 * @returns the error to throw, or null
 */
export function checkSchedule(schedule: Schedule, now: Date, imported: boolean): MeetingError | null {
  const { scheduledStartTime: start, scheduledEndTime: end } = schedule;
  const length = end.getTime() - start.getTime();
  if (length <= 0) return invalid('scheduledEndTime', 'must be after scheduledStartTime');
  if (length > longest) return invalid('scheduledEndTime', 'must be at most 7 days after scheduledStartTime');
  if (!imported && start.getTime() < now.getTime() - pastGrace)
    return invalid('scheduledStartTime', 'must not lie in the past');
  return null;
}

/** When a meeting may be started, and from when its link is shown. */
export function startWindow(
  schedule: Schedule,
  rules: { startEarlyMinutes: number; startLateMinutes: number },
): { opens: Date; closes: Date } {
  return {
    opens: new Date(schedule.scheduledStartTime.getTime() - rules.startEarlyMinutes * minute),
    closes: new Date(schedule.scheduledEndTime.getTime() + rules.startLateMinutes * minute),
  };
}

export function isWithin(window: { opens: Date; closes: Date }, now: Date): boolean {
  return window.opens <= now && now <= window.closes;
}

/** The later of two instants: a clock that is set back must not make a meeting end before it began. */
export function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}

/** The settings after a change: given keys replace, null removes. */
export function mergeSettings(
  current: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...current, ...patch }).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** Names of the fields whose value a patch really changes. Values are compared as JSON, in which they are stored. */
export function changedFields(current: object, next: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(next).filter((name) => {
    const former: unknown = Reflect.get(current, name);
    return JSON.stringify(next[name] ?? null) !== JSON.stringify(former ?? null);
  });
}

function invalid(path: string, message: string): MeetingError {
  return new MeetingError('VALIDATION', `${path}: ${message}.`, { details: { fields: [{ path, message }] } });
}
