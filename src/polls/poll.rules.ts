import type { MeetingError } from '../core/errors.ts';
import { type FieldError, invalid } from '../core/validate.ts';
import type { PollWish } from './poll.schema.ts';

/** What a vote may name, as the poll's row keeps it. */
export interface StoredChoices {
  readonly options: string[];
  readonly allowMultipleChoices: boolean;
  readonly minChoices: number | null;
  readonly maxChoices: number | null;
  /** Ascending, as votes are stored. */
  readonly correctOptions: number[] | null;
}

/** The options that a poll's type brings with it, or takes from its maker. */
export function choicesOf(wish: PollWish): StoredChoices {
  const none = { minChoices: null, maxChoices: null, correctOptions: null, allowMultipleChoices: false };
  switch (wish.pollType) {
    case 'SingleChoice':
      return { ...none, options: [...wish.options], correctOptions: ascending(wish.correctOptions) };
    case 'MultipleChoice':
      return {
        options: [...wish.options],
        allowMultipleChoices: true,
        minChoices: wish.minChoices ?? null,
        maxChoices: wish.maxChoices ?? null,
        correctOptions: ascending(wish.correctOptions),
      };
    case 'YesNo':
      return { ...none, options: ['Yes', 'No'], correctOptions: ascending(wish.correctOptions) };
    case 'Rating':
      return { ...none, options: Array.from({ length: wish.scale }, (_, index) => String(index + 1)) };
    case 'OpenEnded':
      break;
  }
  return { ...none, options: [] };
}

/** What no single field can tell: numbers that do not go together, right answers that nobody could give. */
export function checkChoices(choices: StoredChoices): MeetingError | null {
  const faults = [...limitFaults(choices), ...answerFaults(choices)];
  return faults.length === 0 ? null : invalid(faults);
}

/** A poll that would be closed before anybody could vote. */
export function checkClosingTime(closesAt: Date | null | undefined, now: Date): MeetingError | null {
  if (closesAt === null || closesAt === undefined || closesAt > now) return null;
  return invalid([{ path: 'closesAt', message: 'must lie in the future' }]);
}

/** How many options one vote names at least and at most. */
export function choiceLimits({
  options,
  allowMultipleChoices,
  minChoices,
  maxChoices,
}: Omit<StoredChoices, 'correctOptions'>): {
  readonly min: number;
  readonly max: number;
} {
  return allowMultipleChoices ? { min: minChoices ?? 1, max: maxChoices ?? options.length } : { min: 1, max: 1 };
}

function limitFaults(choices: StoredChoices): FieldError[] {
  const { min, max } = choiceLimits(choices);
  const faults: FieldError[] = [];
  if (max > choices.options.length && choices.maxChoices !== null)
    faults.push({ path: 'maxChoices', message: 'must not be more than there are options' });
  if (min > max) faults.push({ path: 'minChoices', message: `must be at most ${max}` });
  return faults;
}

function answerFaults({ correctOptions, ...choices }: StoredChoices): FieldError[] {
  if (correctOptions === null) return [];
  const path = 'correctOptions';
  const { min, max } = choiceLimits(choices);
  const last = choices.options.length - 1;
  if (correctOptions.some((option) => option > last))
    return [{ path, message: `must name options by their index, 0 to ${last}` }];
  if (correctOptions.length < min || correctOptions.length > max)
    return [{ path, message: `must be as many as a vote can name: ${span(min, max)}` }];
  return [];
}

/** A number, or the numbers from one to another, in words. */
export function span(min: number, max: number): string {
  return min === max ? String(min) : `${min} to ${max}`;
}

function ascending(list: readonly number[] | null | undefined): number[] | null {
  return list?.toSorted((one, other) => one - other) ?? null;
}
