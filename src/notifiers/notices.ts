import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamEvent } from '../core/event.ts';
import type { JsonValue } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { Notifier } from './notifier.ts';

/** Events of a person's own stream that people expect to be told of. */
const worthTelling: ReadonlySet<string> = new Set([
  'invitation.sent',
  'invitation.revoked',
  'invitation.waitlisted',
  'invitation.promoted',
  'invitation.reminded',
]);

export interface NoticesPorts {
  readonly notifier: Notifier;
  /** The meeting's title, or null when it is gone. */
  readonly titleOf: (meetingId: string) => Promise<string | null>;
  readonly logger: Logger;
}

/** Tells people, through the host's notifier, what reached their own stream. After the commit, and never in its way. */
export class Notices {
  readonly #ports: NoticesPorts;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Titles that were just asked for. */
  readonly #titles = new Map<string, Promise<string | null>>();
  #closed = false;

  constructor(ports: NoticesPorts) {
    this.#ports = ports;
  }

  /** Takes an event in; what is not worth telling is passed over. */
  take(event: StreamEvent): void {
    if (event.stream.kind !== 'user' || !worthTelling.has(event.type) || this.#closed) return;
    const run = this.#tell(event)
      .catch((error: unknown) => this.#ports.logger.error('a notice was not delivered', { event: event.id, error }))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Lets no notice begin any more, and waits for those under way, at most `graceMs`: then it tells the notifier to stop. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const grace = new AbortController();
    const waited = sleep(graceMs, undefined, { signal: grace.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#running), waited]);
    grace.abort();
    this.#closing.abort();
  }

  async #tell(event: StreamEvent): Promise<void> {
    const meetingId = event.data['meetingId'];
    if (typeof meetingId !== 'string') return;
    const title = await this.#titleOf(meetingId);
    if (title === null) return;
    const data = event.data as Readonly<Record<string, JsonValue>>;
    const notice = { kind: event.type, userId: event.stream.id, meetingId, title, data };
    await this.#ports.notifier.notify(notice, this.#closing.signal);
  }

  /** Asked once for all that is announced at once: an invitation may go to hundreds. */
  #titleOf(meetingId: string): Promise<string | null> {
    const asked = this.#titles.get(meetingId);
    if (asked !== undefined) return asked;
    const title = this.#ports.titleOf(meetingId);
    this.#titles.set(meetingId, title);
    // Whatever is announced later may come after a new title.
    queueMicrotask(() => this.#titles.delete(meetingId));
    return title;
  }
}
