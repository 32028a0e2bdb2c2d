import type { JsonValue } from '../core/json.ts';

/** Something a person should be told. The words are the notifier's: it knows the person's language and the channel. */
export interface Notice {
  /** What happened, named like an event: `reminder.due`, `invitation.sent`. */
  readonly kind: string;
  /** Whom to tell. */
  readonly userId: string;
  readonly meetingId: string;
  /** The meeting's title, as its host wrote it: encode it for where it is shown. */
  readonly title: string;
  /** Facts for the text: ids, instants as ISO 8601, names of fields. Never a password or a link to join. */
  readonly data: Readonly<Record<string, JsonValue>>;
}

/** The port that delivers reminders and notices: e-mail, push, a chat of the host's. */
export interface Notifier {
  readonly specVersion: 1;
  /**
   * Delivers one notice. A promise that rejects means "not delivered": it will be tried again, so the same notice may come twice.
   * @param signal aborts when the service closes or has waited long enough
   */
  notify(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** A notifier that keeps what it is given, for tests and for hosts that read it themselves. */
export interface MemoryNotifier extends Notifier {
  /** The last notices, oldest first, at most 1000. */
  readonly notices: readonly Notice[];
}

const kept = 1000;

/** The default notifier: delivers nowhere, remembers the last 1000. */
export function memoryNotifier(): MemoryNotifier {
  const notices: Notice[] = [];
  return {
    specVersion: 1,
    get notices() {
      return [...notices];
    },
    async notify(notice, signal) {
      signal.throwIfAborted();
      notices.push(notice);
      if (notices.length > kept) notices.shift();
    },
  };
}
