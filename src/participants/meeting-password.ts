import type { Call } from '../core/call.ts';
import { MeetingError } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { dummyHash } from '../core/password-hasher.ts';
import { conditions } from '../core/permission-terms.ts';
import { resolveSwitch } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { forgivePasswordTries, meetingSecret, passwordLimits, takePasswordTry } from './password.statements.ts';

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
  const inWork = <T>(body: (work: Work) => Promise<T>) => kernel.run(unkeyed, body, { singleStatement: true });
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
  if (
    !exempt &&
    (await inWork((work) => work.run(takePasswordTry, [meetingId, work.actorId, work.clockParameter]))).length === 0
  )
    throw new MeetingError(
      'RATE_LIMITED',
      `Too many wrong passwords; try again in ${passwordLimits.windowMinutes} minutes.`,
      { details: { retryAfterSeconds: passwordLimits.windowMinutes * 60 } },
    );
  if (!(await hasher.verify(given, hash))) return null;
  await inWork((work) => work.run(forgivePasswordTries, [meetingId, work.actorId]));
  return hash;
}
