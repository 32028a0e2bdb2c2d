/** What a PostgreSQL `uuid` column can hold, any version and variant, in the one spelling that compares equal as text. */
const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nil = '00000000-0000-0000-0000-000000000000';
const max = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** True for a UUID in lower case that names something: any version, but neither the nil nor the max UUID (RFC 9562 §5.9, §5.10). */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && canonical.test(value) && value !== nil && value !== max;
}

/** Clocks are stepped back by a few seconds now and then; beyond this the clock was wrong before, and is followed. */
const toleratedRollbackMs = 10_000;
const counterLimit = 0xfff;

/**
 * A source of UUIDv7 (RFC 9562 §5.7) whose values grow as text, also within one millisecond and while the clock steps
 * back a little: a 12-bit counter in `rand_a`, starting at random in its lower half (§6.2, method 1). A full counter borrows
 * the next millisecond. The other 62 bits are random, so two processes never need to agree.
 * @param now milliseconds since 1970; @default the process clock
 */
export function identifiers(now: () => number = Date.now): () => string {
  const random = new RandomBytes();
  let time = Number.NEGATIVE_INFINITY;
  let counter = 0;
  return () => {
    const current = Math.floor(now());
    if (current > time || current < time - toleratedRollbackMs) {
      time = current;
      counter = random.counterStart();
    } else if (++counter > counterLimit) {
      time += 1;
      counter = random.counterStart();
    }
    const stamp = time.toString(16).padStart(12, '0');
    const randA = counter.toString(16).padStart(3, '0');
    return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${randA}-${random.variantAndTail()}`;
  };
}

/** Random bytes from the platform's generator, fetched many at a time: one call for each id would cost more than the id. */
class RandomBytes {
  readonly #pool = new Uint8Array(4096);
  #next = this.#pool.length;

  counterStart(): number {
    return ((this.#byte() << 8) | this.#byte()) & 0x7ff;
  }

  /** The last 64 bits in UUID spelling: the variant bits `10`, then 62 random ones. */
  variantAndTail(): string {
    const head = hex(0x80 | (this.#byte() & 0x3f)) + hex(this.#byte());
    let tail = '';
    for (let i = 0; i < 6; i++) tail += hex(this.#byte());
    return `${head}-${tail}`;
  }

  #byte(): number {
    if (this.#next === this.#pool.length) {
      crypto.getRandomValues(this.#pool);
      this.#next = 0;
    }
    // The index is below the length, so a byte is there; zero would be a wrong answer, not a missing one.
    return this.#pool[this.#next++] ?? 0;
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** A new id: UUIDv7, growing within this process, so that rows made one after another lie side by side in an index. */
export const newId: () => string = identifiers();
