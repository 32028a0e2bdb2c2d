import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { MeetingError } from './errors.ts';

/**
 * Turns meeting passwords into what may be stored. An implementation of its own (argon2, a key service) keeps three promises:
 * a hash is at most 255 characters; `verify` answers false, without throwing, for anything that it did not make itself; and that
 * answer takes as long as comparing a wrong password, so that nobody learns from the time whether there is one.
 */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
  /** True when the hash was made with other parameters than today's, so that it is worth making again at the next right password. */
  needsRehash?(hash: string): boolean;
}

/** Parameters of scrypt (RFC 7914 §2) and how much of the machine it may take. */
export interface ScryptOptions {
  /** Binary logarithm of the cost N. @default 15 */
  readonly ln?: number;
  /** Block size; memory is 128 · N · r bytes for each hash under way. @default 8 */
  readonly r?: number;
  /** Parallelisation, here repetitions one after another. @default 3 */
  readonly p?: number;
  /** How many hashes may be computed at once; the rest wait in line. More would keep file and DNS work from libuv's four threads. @default 2 */
  readonly concurrency?: number;
}

interface Hash {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly digest: Buffer;
}

const saltBytes = 16;
const digestBytes = 32;

/** The hash of no password at all: verify against it where there is none, and a missing meeting costs the same as a wrong password. */
export const dummyHash: string = spell({
  ...{ ln: 15, r: 8, p: 3 },
  salt: Buffer.alloc(saltBytes),
  digest: Buffer.alloc(digestBytes),
});

/**
 * The default hasher: scrypt from `node:crypto`, in the PHC string format (`$scrypt$ln=15,r=8,p=3$salt$digest`, base64 without padding).
 * Passwords are compared in Unicode's NFC form, since keyboards differ in how they compose letters. Why scrypt and these numbers:
 * docs/decisions/0007-password-hashing.md.
 * @throws RangeError for parameters outside what scrypt and a shared machine allow
 */
export function scryptHasher({ ln = 15, r = 8, p = 3, concurrency = 2 }: ScryptOptions = {}): Required<PasswordHasher> {
  if (!isBearable({ ln, r, p }) || !Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError('scryptHasher: ln 1–20, r 1–32, p 1–16, at most 1 GiB for a hash, concurrency at least 1.');
  const line = new Line(concurrency);
  const derive = (password: string, { salt, ...cost }: Omit<Hash, 'digest'>): Promise<Buffer> =>
    line.enter(() => scryptDigest(password, salt, cost));

  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      return spell({ ln, r, p, salt, digest: await derive(password, { ln, r, p, salt }) });
    },
    async verify(password, hash) {
      const stored = hash === dummyHash ? undefined : parse(hash);
      const digest = await derive(password, stored ?? { ln, r, p, salt: Buffer.alloc(saltBytes) });
      return stored !== undefined && timingSafeEqual(digest, stored.digest);
    },
    needsRehash(hash) {
      const stored = parse(hash);
      return stored === undefined || stored.ln !== ln || stored.r !== r || stored.p !== p;
    },
  };
}

type Cost = Pick<Hash, 'ln' | 'r' | 'p'>;

function memory({ ln, r, p }: Cost): number {
  return 128 * r * (2 ** ln + p);
}

function within(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

/** A stored hash names its own cost, so whoever can write one could otherwise ask for any amount of memory. */
function isBearable(cost: Cost): boolean {
  const { ln, r, p } = cost;
  return within(ln, 20) && within(r, 32) && within(p, 16) && 128 * r * 2 ** ln <= 2 ** 30;
}

function scryptDigest(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const { ln, r, p } = cost;
  // Node refuses what needs more than 32 MiB unless told; the doubling covers OpenSSL's own scratch space.
  const options = { N: 2 ** ln, r, p, maxmem: 2 * memory(cost) };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, digestBytes, options, (error, digest) =>
      error === null ? resolve(digest) : reject(error),
    );
  });
}

const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

function parse(hash: string): Hash | undefined {
  const [, ln, r, p, salt, digest] = phc.exec(hash) ?? [];
  if (salt === undefined || digest === undefined) return undefined;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (!isBearable(cost)) return undefined;
  return { ...cost, salt: Buffer.from(salt, 'base64'), digest: Buffer.from(digest, 'base64') };
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function spell({ ln, r, p, salt, digest }: Hash): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(digest)}`;
}

/** Lets a few in at a time, first come, first served. */
class Line {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line, so that nobody who comes later can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** A host's hasher may fail in any way; what callers see is an error of ours. */
export function typedFailures(hasher: PasswordHasher): PasswordHasher {
  return {
    hash: async (password) => hasher.hash(password).catch(failed),
    verify: async (password, hash) => hasher.verify(password, hash).catch(failed),
    needsRehash: (hash) => hasher.needsRehash?.(hash) === true,
  };
}

function failed(cause: unknown): never {
  throw new MeetingError('INTERNAL', 'The password hasher failed; the cause is attached for your logs.', { cause });
}
