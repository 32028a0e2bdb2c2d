import { signature } from '../core/actor.ts';
import type { Call } from '../core/call.ts';
import { MeetingError } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { dummyHash } from '../core/password-hasher.ts';
import { conditions } from '../core/permission-terms.ts';
import { resolveSwitch } from '../core/policy.ts';
import {
  forgivePasswordTries,
  meetingSecret,
  passwordLimits,
  passwordRetryAfter,
  renewHash,
  takePasswordTry,
} from './password.statements.ts';

const singleStatement = { singleStatement: true } as const;

/**
 * Compares a given password with the stored hash, outside any transaction of ours: hashing takes long, and a failed try must
 * be remembered although the join it belongs to is refused. The hasher runs exactly once whether the password is right or wrong
 * and whether the meeting is there or not; without a try left it does not run.
 * @returns the hash that was matched, for the join to compare again under its lock; null when nothing matched
 * @throws MeetingError RATE_LIMITED when no try is left
 */
export async function verifiedHash(
  kernel: Kernel,
  call: Call,
  meetingId: string,
  given: string,
): Promise<string | null> {
  const unkeyed = { ...call, idempotencyKey: null };
  const hasher = kernel.ports.passwordHasher;

  const [secret] = await kernel.read(unkeyed, (work) => work.run(meetingSecret, [meetingId, work.actorId]));
  const member = secret !== undefined && secret.role !== null && secret.removed !== true;
  const walksIn =
    secret !== undefined &&
    secret.removed !== true &&
    resolveSwitch('openJoin', secret.settings, kernel.ports.switches);
  const hash = member || walksIn ? secret.password_hash : null;
  if (hash === null) {
    await hasher.verify(given, dummyHash);
    return null;
  }
  const exempt = conditions.passwordGiven.exempts.some((role) => role === secret?.role);
  if (!exempt) await takeTry(kernel, unkeyed, meetingId);
  if (!(await hasher.verify(given, hash))) return null;
  await kernel.run(unkeyed, (work) => work.run(forgivePasswordTries, [meetingId, work.actorId]), singleStatement);
  if (hasher.needsRehash?.(hash) !== true) return hash;
  // Only now is the password known, so only now can it be hashed as one would hash it today.
  const today = await hasher.hash(given);
  const [renewed] = await kernel.run(unkeyed, (work) => work.run(renewHash, [meetingId, hash, today]), singleStatement);
  return renewed === undefined ? hash : today;
}

async function takeTry(kernel: Kernel, call: Call, meetingId: string): Promise<void> {
  const { unsaved, windowMinutes } = passwordLimits;
  if (call.host !== null) {
    const key = `password:${meetingId}:${signature(call.principal)}`;
    const limit = await kernel.ports.rateLimiter.take(key, { points: unsaved, perSeconds: windowMinutes * 60 });
    if (!limit.allowed) throw tooMany(limit.retryAfterSeconds);
  }
  const retryAfterSeconds = await kernel.run(
    call,
    async (work) => {
      const who = [meetingId, work.actorId, work.clockParameter];
      const [taken] = await work.run(takePasswordTry, who);
      return taken === undefined ? ((await work.one(passwordRetryAfter, who)).seconds ?? 1) : null;
    },
    singleStatement,
  );
  if (retryAfterSeconds !== null) throw tooMany(retryAfterSeconds);
}

function tooMany(retryAfterSeconds: number): MeetingError {
  const minutes = Math.ceil(retryAfterSeconds / 60);
  const wait = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return new MeetingError('RATE_LIMITED', `Too many wrong passwords; try again in ${wait}.`, {
    details: { retryAfterSeconds },
  });
}
