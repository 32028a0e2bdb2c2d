import type { z } from 'zod';
import { standingOf } from '../core/access.ts';
import { MeetingError } from '../core/errors.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
import { current } from '../core/stale.ts';
import type { Work } from '../core/work.ts';
import { runAppending } from '../events/index.ts';
import { setMedia } from './media.statements.ts';
import type { mediaInput, MediaView } from './participant.schema.ts';

/**
 * Switches what a person has on. A voice that is heard while the microphone is off is a fault of whoever reports it: it neither
 * counts nor opens the microphone, which only the person's own hand does.
 * @returns null when this takes a transaction, which holds the person's row
 */
export async function switchMedia(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  wish: z.output<typeof mediaInput>,
): Promise<MediaView | null> {
  const row = await current(work, () =>
    runAppending(work, setMedia, [
      ...[meetingId, work.actorId, work.clockParameter, newId()],
      ...[[...allowedRoles('participant.setMedia').own], [...legalStates('participant.setMedia')]],
      ...[wish.microphone ?? null, wish.speaking ?? null, wish.camera ?? null, newId(), newId(), newId()],
    ]),
  );
  if (row === null) return null;
  authorise('participant.setMedia', standingOf(work, row, kernel.ports.switches), {
    own: true,
    conditions: { present: row.present === true },
  });
  if (row.muted)
    throw new MeetingError('CONFLICT', 'Nobody can be heard while their microphone is off; switch it on first.', {
      details: { operation: 'participant.setMedia', field: 'speaking' },
    });
  return Object.freeze({
    ...{ meetingId, authUserId: work.actorId },
    ...{ microphone: row.microphone, speaking: row.speaking, camera: row.camera },
  });
}
