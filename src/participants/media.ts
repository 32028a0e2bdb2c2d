import type { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { current } from '../core/stale.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import { standingOfFound } from './found-standing.ts';
import { type MediaForm, type MediaSet, setMediaOf, switchable, type Switchable } from './media.statements.ts';
import type { mediaInput, MediaView } from './participant.schema.ts';

type Wish = z.output<typeof mediaInput>;

/**
 * Switches what a person has on. A voice that is heard while the microphone is off is a fault of whoever reports it: it neither
 * counts nor opens the microphone, which only the person's own hand does.
 * @returns null when this takes a transaction, which holds the person's row
 */
export async function switchMedia(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  wish: Wish,
): Promise<MediaView | null> {
  const { actorId } = work;
  const [form, eventId] = [formOf(wish), newId()];
  const tried = await current(work, async () => {
    const begin = form.on.map(() => newId());
    const [row] = await work.run(setMediaOf(form), [meetingId, actorId, work.clockParameter, eventId, ...begin]);
    return { stale: row?.found?.stale === true, row };
  });
  if (tried === null) return null;
  const { row } = tried;
  if (row?.done) return mediaSet(work, meetingId, eventId, form, row.done);
  const standing = await standingOfFound(kernel, work, meetingId, row?.found ?? undefined);
  authorise('participant.setMedia', standing, { own: true, conditions: { present: row?.found?.present === true } });
  if (row?.found?.muted === true)
    throw new MeetingError('CONFLICT', 'Nobody can be heard while their microphone is off; switch it on first.', {
      details: { operation: 'participant.setMedia', field: 'speaking' },
    });
  throw new MeetingError('INTERNAL', 'A switch was refused without a reason.');
}

/** Whoever mutes is heard no more. */
function formOf({ microphone, speaking, camera }: Wish): MediaForm {
  const wishes = { microphone, speaking: microphone === false ? false : speaking, camera };
  return {
    on: switchable.filter((kind) => wishes[kind] === true),
    off: switchable.filter((kind) => wishes[kind] === false),
  };
}

/** Tells what changed, and what is on since. */
function mediaSet(work: Work, meetingId: string, id: string, form: MediaForm, done: MediaSet): MediaView {
  const [before, changed, seq, prev, epoch, told_at] = done;
  const { actorId } = work;
  const event = { id, stream: meetingStream(meetingId), type: 'media.changed', audience: 'all', actorId } as const;
  told(work, { seq, prev, epoch, told_at }, { ...event, data: { userId: actorId, changed } });
  const isOn = (kind: Switchable) => form.on.includes(kind) || (before.includes(kind) && !form.off.includes(kind));
  return Object.freeze({
    ...{ meetingId, authUserId: actorId },
    ...{ microphone: isOn('microphone'), speaking: isOn('speaking'), camera: isOn('camera') },
  });
}
