/** A timestamp column as a `Date`: statements give timestamps as text, and null where the column is empty. */
export function instantOf(text: string): Date;
export function instantOf(text: string | null | undefined): Date | null;
export function instantOf(text: string | null | undefined): Date | null {
  return text === null || text === undefined ? null : new Date(text);
}
