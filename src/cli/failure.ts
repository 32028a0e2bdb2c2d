import { toMeetingError } from '../core/driver-error.ts';
import { meetingErrors } from '../core/errors.ts';
import type { GivenUrl } from './arguments.ts';

/** What went wrong and what to do, in lines for people: no stack, and no password of the URL whoever may have said it. */
export function explained(error: unknown, database: GivenUrl | null): string {
  const failure = toMeetingError(error);
  const reason = reasonOf(failure.cause);
  const message = database === null ? failure.message : failure.message.replaceAll('database.url', database.by);
  const lines = [`convoke: ${message}`];
  if (reason !== null && reason !== failure.message)
    lines.push(`Reason: ${withoutPassword(reason, database?.url ?? null)}`);
  // What a schema needs, its messages say case by case; the remedy for all cases sends whoever ran migrate to run migrate.
  if (failure.code !== 'SCHEMA_MISMATCH') lines.push(`What to do: ${meetingErrors[failure.code].remedy}`);
  return `${lines.join('\n')}\n`;
}

/** The innermost cause, which is the database's own: an operator may see what a caller of the library may not. */
function reasonOf(cause: unknown): string | null {
  if (cause instanceof AggregateError && cause.message === '') return reasonOf(cause.errors[0]);
  if (!(cause instanceof Error)) return null;
  return reasonOf(cause.cause) ?? cause.message.split('\n')[0] ?? null;
}

function withoutPassword(text: string, url: string | null): string {
  const safe = text.replaceAll(/(:\/\/[^\s/@:]*:)[^\s@]*@/g, '$1***@');
  const { username, password, host, pathname } = new URL(url ?? 'none:');
  const secrets = [password, decoded(password)].filter((secret) => secret !== '');
  // A password that is also the name of the user or the database gives nothing away when that is named.
  const named = decoded([username, host, pathname].join(' '));
  return secrets.reduce((less, secret) => (named.includes(secret) ? less : less.replaceAll(secret, '***')), safe);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone per cent sign: it was never encoded
  }
}
