import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Call } from './call.ts';
import { MeetingError } from './errors.ts';
import { statement } from './statement.ts';
import type { Work } from './work.ts';

/** How long a key answers for its first call. */
const lifetimeHours = 24;

/** Takes the key, or finds it taken. A concurrent twin waits here for the first to commit or roll back. */
const claim = statement<{ claimed: boolean }>(
  'idempotency-claim',
  (t) => `
  insert into ${t.meeting_idempotency_keys} as k (actor_id, operation, key, request_hash, response, created_at, expires_at)
  select $1::uuid, $2, $3, $4, null, c.now, c.now + make_interval(hours => ${lifetimeHours})
  from (select coalesce($5::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now) c
  on conflict (actor_id, operation, key) do update
    set request_hash = excluded.request_hash, response = null,
        created_at = excluded.created_at, expires_at = excluded.expires_at
    where k.expires_at <= excluded.created_at
  returning true as claimed`,
);

/**
 * How a key is stored where even that its owner made the call is a secret. The answer must not tell it either: whatever it says
 * has to follow from the input.
 */
export interface KeySeal {
  /** A UUID that stands for the owner, and that only whoever knows the secret can make. */
  readonly ownerId: string;
  /** A keyed hash of at most 255 characters: a plain one of a few possible inputs is found by trying them. */
  readonly seal: (text: string) => string;
}

interface StoredAnswer {
  readonly request_hash: string;
  readonly response: string | null;
}

const recall = statement<StoredAnswer>(
  'idempotency-recall',
  (t) => `
  select request_hash, response::text as response from ${t.meeting_idempotency_keys}
  where actor_id = $1::uuid and operation = $2 and key = $3
    and expires_at > coalesce($4::timestamptz, clock_timestamp())`,
);

const remember = statement<never>(
  'idempotency-remember',
  (t) => `
  update ${t.meeting_idempotency_keys} set response = $4::jsonb
  where actor_id = $1::uuid and operation = $2 and key = $3`,
);

/**
 * Does the body once per (actor, operation, key): the answer is stored in the same transaction and given again to every
 * repeat with the same input. A refused call stores nothing, because its transaction rolls back.
 * @throws MeetingError IDEMPOTENCY_CONFLICT when the key was used with another input
 */
export function once<T>(
  work: Work,
  call: Call,
  operation: string,
  input: unknown,
  output: z.ZodType<T>,
  body: () => Promise<T>,
  seal: KeySeal | null = null,
): Promise<T> {
  const key = call.idempotencyKey;
  return key === null ? body() : onceUnder(key, work, operation, input, output, body, seal);
}

async function onceUnder<T>(
  key: string,
  work: Work,
  operation: string,
  input: unknown,
  output: z.ZodType<T>,
  body: () => Promise<T>,
  seal: KeySeal | null,
): Promise<T> {
  // A key that callers make up may name them.
  const owner = seal === null ? [work.actorId, operation, key] : [seal.ownerId, operation, seal.seal(key)];
  const hash = seal === null ? hashOf(input) : seal.seal(canonical(input));
  const [claimed] = await work.run(claim, [...owner, hash, work.clockParameter]);
  if (claimed === undefined) return recalled(work, owner, hash, output);
  const result = await body();
  await work.run(remember, [...owner, JSON.stringify(result ?? null)]);
  return result;
}

/**
 * The answer of an earlier call with this key, for commands that do something before their transaction: a repeat must not
 * do that again, nor be refused by it.
 */
export async function answeredBefore<T>(
  work: Work,
  call: Call,
  operation: string,
  input: unknown,
  output: z.ZodType<T>,
): Promise<{ readonly answer: T } | null> {
  if (call.idempotencyKey === null) return null;
  const owner = [work.actorId, operation, call.idempotencyKey];
  const [stored] = await work.run(recall, [...owner, work.clockParameter]);
  return stored === undefined ? null : { answer: answerOf(stored, hashOf(input), output) };
}

async function recalled<T>(work: Work, owner: readonly string[], hash: string, output: z.ZodType<T>): Promise<T> {
  return answerOf(await work.one(recall, [...owner, work.clockParameter]), hash, output);
}

function hashOf(input: unknown): string {
  return createHash('sha256').update(canonical(input)).digest('base64url');
}

function answerOf<T>(stored: StoredAnswer, hash: string, output: z.ZodType<T>): T {
  if (stored.request_hash !== hash)
    throw new MeetingError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key was used before with another input; use a new one.',
    );
  const answer = output.parse(stored.response === null ? null : JSON.parse(stored.response));
  return Object.freeze(answer);
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
