import { isMeetingError, MeetingError } from './errors.ts';

/**
 * What a database failure means for the call that met it:
 * `rolled-back` and `not-started` left nothing behind and may be repeated; after `unknown` the change may stand;
 * `final` would fail again.
 */
export type Failure = 'rolled-back' | 'not-started' | 'unknown' | 'final';

/** The parts of a `pg`, PGlite or MikroORM error that are read here; anything else in it stays inside. */
interface DriverError {
  readonly code: string | null;
  readonly constraint: string | null;
  readonly syscall: string | null;
  readonly message: string;
}

const rolledBack = new Set(['40001', '40P01', '55P03']);
const notStarted = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', '57P03', '53300']);
const neverConnected = /timeout exceeded when trying to connect|terminated due to connection timeout/i;
const unknownOutcome = new Set([
  ...['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'],
  ...['57P01', '57P02', '57P05', '25P03', '25P04'],
]);
const lostConnection = /connection terminated|not queryable|connection ended|query read timeout|socket hang up/i;

/** Sorts an error by what may be done about it. Locks and deadlocks arrive under many classes; the code decides. */
export function failureOf(error: unknown): Failure {
  const { code, syscall, message } = read(error);
  if (code !== null && rolledBack.has(code)) return 'rolled-back';
  if ((code !== null && notStarted.has(code)) || syscall === 'connect' || neverConnected.test(message))
    return 'not-started';
  if ((code !== null && (unknownOutcome.has(code) || code.startsWith('08'))) || lostConnection.test(message))
    return 'unknown';
  return 'final';
}

/** The name of the violated constraint, for rooms that give a violation a meaning of its own. */
export function violatedConstraint(error: unknown): string | null {
  const { code, constraint } = read(error);
  return code?.startsWith('23') === true ? constraint : null;
}

/** Turns whatever was caught into the typed error a caller sees. Never passes on SQL, values or driver objects. */
export function toMeetingError(error: unknown): MeetingError {
  if (isMeetingError(error)) return error;
  return translations[failureOf(error)](read(error).code, error);
}

const translations: Record<Failure, (code: string | null, cause: unknown) => MeetingError> = {
  'rolled-back': (code, cause) =>
    code === '55P03'
      ? new MeetingError('BUSY', 'The meeting is locked by other calls; try again in a moment.', { cause })
      : new MeetingError('CONFLICT', 'Concurrent calls got in the way several times; read again and retry.', { cause }),
  'not-started': (_code, cause) =>
    new MeetingError('UNAVAILABLE', 'The database cannot be reached; check that it is up.', { cause }),
  unknown: (_code, cause) => outcomeUnknown(cause),
  final: finalError,
};

/** The change may stand or not, and nobody is left to ask but the data itself. */
export function outcomeUnknown(cause: unknown): MeetingError {
  return new MeetingError(
    'OUTCOME_UNKNOWN',
    'The connection died while the change was being saved; read the state before trying again.',
    { cause },
  );
}

function finalError(code: string | null, cause: unknown): MeetingError {
  if (code === '25P01' || code === '25P02')
    return new MeetingError(
      'CONFLICT',
      'The transaction to join is not open, or a statement in it has failed: roll it back and begin again.',
      { cause },
    );
  if (code === '25006')
    return new MeetingError('CONFLICT', 'The transaction to join is read-only; begin one that may write.', { cause });
  if (code === '57014')
    return new MeetingError('TIMEOUT', 'The database took too long and the call was cancelled.', { cause });
  if (code?.startsWith('23') === true)
    return new MeetingError('CONFLICT', 'This contradicts what is stored; read the current state and decide again.', {
      cause,
    });
  if (code?.startsWith('53') === true || code?.startsWith('58') === true)
    return new MeetingError('UNAVAILABLE', 'The database has run out of a resource (disk, memory, connections).', {
      cause,
    });
  if (code?.startsWith('28') === true || code === '3D000')
    return new MeetingError('UNAVAILABLE', 'The database refused the login, or there is no such database.', { cause });
  if (code === '42501')
    return new MeetingError(
      'NOT_CONFIGURED',
      'The database role lacks a right; grant it the schema, and select, insert, update and delete on its tables.',
      { cause },
    );
  if (code === '42P01' || code === '42703' || code === '3F000')
    return new MeetingError('SCHEMA_MISMATCH', 'The database schema is not the one this version needs; run migrate.', {
      cause,
    });
  if (cause instanceof Error && cause.name === 'AbortError')
    return new MeetingError('ABORTED', 'The call was cancelled.', { cause });
  return new MeetingError('INTERNAL', 'Something went wrong inside; the cause is attached for your logs.', { cause });
}

function read(error: unknown): DriverError {
  if (!(error instanceof Error)) return { code: null, constraint: null, syscall: null, message: '' };
  const code = textAt(error, 'code');
  // MikroORM wraps the driver's error and keeps it as `cause`.
  if (code === null && error.cause instanceof Error) return read(error.cause);
  // A refused connection to a name with several addresses is an AggregateError without words of its own.
  if (code === null && error instanceof AggregateError && error.errors[0] instanceof Error)
    return read(error.errors[0]);
  return {
    code,
    constraint: textAt(error, 'constraint'),
    syscall: textAt(error, 'syscall'),
    message: error.message,
  };
}

function textAt(error: Error, name: string): string | null {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : null;
}
