import { ConvokeError } from './error.ts';

/** So many events may wait for whoever reads them; then the reader is told instead of the memory filled. */
const mostWaiting = 10_000;

interface Reader<Event> {
  resolve(result: IteratorResult<Event, void>): void;
  reject(error: ConvokeError): void;
}

/** Events between the one who delivers them and one `for await` loop. */
export class EventQueue<Event extends { readonly seq: number }> implements AsyncIterableIterator<Event, void> {
  #waiting: Event[] = [];
  #readers: Reader<Event>[] = [];
  #end: { readonly error: ConvokeError | null } | null = null;
  readonly #returned: () => void;

  /** @param returned called when the loop is left */
  constructor(returned: () => void) {
    this.#returned = returned;
  }

  /** The number before the first event that nobody has taken yet; null when all are taken. */
  get before(): number | null {
    const [first] = this.#waiting;
    return first === undefined ? null : first.seq - 1;
  }

  push(event: Event): void {
    if (this.#end !== null) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: event });
    else if (this.#waiting.length < mostWaiting) this.#waiting.push(event);
    else this.end(new ConvokeError('BUSY', `${mostWaiting} events wait to be read; the reader is too slow.`));
  }

  /** Takes everything that waits. */
  drain(): Event[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** What waits is still read; then the loop ends, or throws. */
  end(error: ConvokeError | null): void {
    this.#end ??= { error };
    for (const reader of this.#readers.splice(0)) {
      if (error === null) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
  }

  get error(): ConvokeError | null {
    return this.#end?.error ?? null;
  }

  next(): Promise<IteratorResult<Event, void>> {
    const event = this.#waiting.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#end !== null) {
      const { error } = this.#end;
      this.#end = { error: null }; // thrown once; who asks again is told that it is over
      return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<Event, void>> {
    this.#waiting = [];
    this.end(null);
    this.#returned();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
