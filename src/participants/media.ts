import type { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
import { current } from '../core/stale.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import { standingOfFound } from './found-standing.ts';
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
  const { actorId } = work;
  const eventId = newId();
  const row = await current(work, () =>
    work.one(setMedia, [
      ...[meetingId, actorId, work.clockParameter, eventId],
      ...[[...allowedRoles('participant.setMedia').own], [...legalStates('participant.setMedia')]],
      ...[wish.microphone ?? null, wish.speaking ?? null, wish.camera ?? null, newId(), newId(), newId()],
    ]),
  );
  if (row === null) return null;
  const data = { userId: actorId, changed: row.changed };
  told(work, row, {
    id: eventId,
    stream: meetingStream(meetingId),
    type: 'media.changed',
    audience: 'all',
    actorId,
    data,
  });
  authorise('participant.setMedia', await standingOfFound(kernel, work, meetingId, row), {
    own: true,
    conditions: { present: row.present === true },
  });
  if (row.muted)
    throw new MeetingError('CONFLICT', 'Nobody can be heard while their microphone is off; switch it on first.', {
      details: { operation: 'participant.setMedia', field: 'speaking' },
    });
  return Object.freeze({
    ...{ meetingId, authUserId: actorId },
    ...{ microphone: row.microphone, speaking: row.speaking, camera: row.camera },
  });
}
