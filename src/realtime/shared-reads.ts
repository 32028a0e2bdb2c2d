/**
 * Reads of the same thing by many at once. Whoever asks while one is under way shares the next one, which begins after they asked:
 * a thousand that come back together cost two reads, and none is given what was true before they asked. No more than a few reads run
 * at a time, so that a crowd that comes back leaves connections for those who are at work.
 */
export class SharedReads<Value> {
  readonly #atMost: number;
  readonly #under = new Map<string, { next: Promise<Value> | null; readonly current: Promise<unknown> }>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  read(key: string, load: () => Promise<Value>): Promise<Value> {
    const under = this.#under.get(key);
    if (under === undefined) return this.#begin(key, load);
    const again = () => this.#begin(key, load);
    return (under.next ??= under.current.then(again, again));
  }

  #begin(key: string, load: () => Promise<Value>): Promise<Value> {
    const current = this.#take(load);
    const entry = { next: null, current };
    this.#under.set(key, entry);
    return current.finally(() => {
      // Where somebody waits for the next one, that takes the place of this one.
      if (entry.next === null && this.#under.get(key) === entry) this.#under.delete(key);
    });
  }

  async #take(load: () => Promise<Value>): Promise<Value> {
    if (this.#running >= this.#atMost) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await load();
    } finally {
      const next = this.#queue.shift();
      // The place is handed over, so that nobody who comes now can take it first.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
