import { randomInt } from 'node:crypto';
import { Drains } from './drains.ts';
import { perText } from './per-text.ts';

/** Where the bytes of an event stream go. */
export interface EventStreamOutlet {
  /** Calls `taken` once they are no longer in this process's memory. */
  write(bytes: Buffer, taken: () => void): void;
  end(): void;
  /** Lets go of whoever does not read to the end. */
  destroy(): void;
}

/** A frame as it is sent. */
export interface EventBlock {
  readonly kind: string;
  readonly bytes: Buffer;
}

const heartbeat = Buffer.from(':\n\n');
/** Browsers come back by themselves after so many milliseconds, at least and at most: not all of them at once. */
const retryMs = [1_000, 5_000] as const;

/** Frames are JSON, and so have no line breaks. */
export const blockOf = perText((text): EventBlock => {
  const { kind, ...frame } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const bytes = Buffer.from(`${idOf(frame)}data: ${text}\n\n`);
  return { kind: String(kind), bytes };
});

/** A frame that tells a cursor has it as its id: a browser gives that back when it reconnects. */
function idOf({ epoch, seq, to = seq }: Readonly<Record<string, unknown>>): string {
  return typeof epoch === 'string' && typeof to === 'number' ? `id: ${epoch}:${to}\n` : '';
}

/** One stream of server-sent events (WHATWG HTML §9.2). */
export class EventStream {
  readonly #outlet: EventStreamOutlet;
  readonly #drains = new Drains();
  #buffered = 0;
  #over = false;

  constructor(outlet: EventStreamOutlet) {
    this.#outlet = outlet;
    this.write(Buffer.from(`retry: ${randomInt(...retryMs)}\n\n`));
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  write(bytes: Buffer): void {
    if (this.#over) return;
    this.#buffered += bytes.length;
    this.#outlet.write(bytes, () => {
      this.#buffered -= bytes.length;
      this.#drains.drained(this.#buffered);
    });
  }

  /** Keeps proxies from taking the connection for dead; whoever is being sent something needs none. */
  beat(): void {
    if (this.#buffered === 0) this.write(heartbeat);
  }

  onDrain(atMost: number, callback: () => void): void {
    this.#drains.wait(this.#buffered, atMost, callback);
  }

  /** Says why, as a close code would, and ends. */
  close(code: number, reason: string): void {
    this.write(Buffer.from(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`));
    this.end();
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#outlet.end();
  }

  destroy(): void {
    this.#over = true;
    this.#outlet.destroy();
  }
}
