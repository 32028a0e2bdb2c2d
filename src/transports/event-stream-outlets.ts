import type { ServerResponse } from 'node:http';
import type { UnderlyingSource } from 'node:stream/web';
import type { EventStreamOutlet } from './event-stream.ts';

/** Writes to a response of Node's HTTP server, whose head is written already. @param gone is called when the other side has gone, or all is sent */
export function nodeOutlet(response: ServerResponse, gone: () => void): EventStreamOutlet {
  response.on('error', () => {}); // it closes then
  response.once('close', gone);
  return {
    write: (bytes, taken) => void response.write(bytes, () => taken()),
    end: () => void response.end(),
    destroy: () => void response.destroy(),
  };
}

/** The body of a `Response`. What nobody has asked for yet waits here, so that it can be counted. @param gone as above */
export function webOutlet(gone: () => void): {
  readonly body: ReadableStream<Uint8Array>;
  readonly outlet: EventStreamOutlet;
} {
  const body = new WaitingBody(gone);
  return { body: new ReadableStream(body, { highWaterMark: 0 }), outlet: body };
}

class WaitingBody implements UnderlyingSource<Uint8Array>, EventStreamOutlet {
  readonly #gone: () => void;
  #waiting: { readonly bytes: Buffer; readonly taken: () => void }[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Somebody reads, and nothing is there. */
  #wanted: (() => void) | null = null;
  #ended = false;

  constructor(gone: () => void) {
    this.#gone = gone;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  pull(): Promise<void> | void {
    if (this.#waiting.length > 0) return this.#give();
    return new Promise((resolve) => (this.#wanted = resolve));
  }

  cancel(): void {
    this.#close(() => {});
  }

  write(bytes: Buffer, taken: () => void): void {
    if (this.#ended) return;
    this.#waiting.push({ bytes, taken });
    if (this.#wanted === null) return;
    this.#give();
    this.#wanted?.();
    this.#wanted = null;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#waiting.length === 0) this.#finish();
  }

  /** Not as an error: whoever has gone is nothing that a host's log has to tell of, and only whole frames are left out. */
  destroy(): void {
    this.#finish();
  }

  #give(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#controller?.enqueue(new Uint8Array(Buffer.concat(waiting.map(({ bytes }) => bytes))));
    for (const { taken } of waiting) taken();
    if (this.#ended) this.#finish();
  }

  #finish(): void {
    this.#close(() => this.#controller?.close());
  }

  #close(close: () => void): void {
    this.#ended = true;
    this.#waiting = [];
    const wanted = this.#wanted;
    this.#wanted = null;
    if (this.#controller !== null) close();
    this.#controller = null;
    wanted?.();
    this.#gone();
  }
}
