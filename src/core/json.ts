import { z } from 'zod';

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** How much JSON a column takes. */
export interface JsonLimits {
  /** Bytes of the value as compact JSON text in UTF-8. @default 65536 */
  readonly maxBytes?: number;
  /** How many lists and objects may lie inside one another, the outermost counted. @default 8 */
  readonly maxDepth?: number;
}

/** Names that reach an object's prototype when somebody merges the stored value into another object. */
const prototypeKeys = new Set(['__proto__', 'constructor', 'prototype']);
/** PostgreSQL's `jsonb` has no NUL and no half of a surrogate pair; other control characters belong in no text here. */
const forbiddenCharacter = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;
const utf8 = new TextEncoder();

class Refusal extends Error {}

/**
 * A schema for a JSON value from outside: gives back a copy that shares nothing with the input. Refused are names that reach
 * prototypes, numbers that are not finite, anything JSON cannot say, texts with control characters, and more bytes or levels
 * than allowed; the walk ends where a limit is passed. Keys whose value is `undefined` are left out, as in JSON.
 */
export function json({ maxBytes = 65_536, maxDepth = 8 }: JsonLimits = {}) {
  return z.unknown().transform((value, context): JsonValue => {
    try {
      return new Copy(maxBytes, maxDepth).of(value, 1);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });
}

/** One walk over a value. It never goes deeper than the limit, so no input, however deep or circular, exhausts the stack. */
class Copy {
  #bytesLeft: number;
  readonly #maxBytes: number;
  readonly #maxDepth: number;

  constructor(maxBytes: number, maxDepth: number) {
    this.#bytesLeft = maxBytes;
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
  }

  of(value: unknown, depth: number): JsonValue {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        if (!Number.isFinite(value)) throw new Refusal('must hold finite numbers only');
        this.#spend(JSON.stringify(value).length);
        return value === 0 ? 0 : value; // JSON cannot tell -0 from 0
      case 'boolean':
        this.#spend(value ? 4 : 5);
        return value;
      case 'object':
        if (value === null) {
          this.#spend(4);
          return null;
        }
        if (depth > this.#maxDepth) throw new Refusal(`must be nested at most ${this.#maxDepth} levels deep`);
        return Array.isArray(value) ? this.#list(value, depth) : this.#object(value, depth);
      case 'undefined':
        throw new Refusal(depth === 1 ? 'is required' : 'must be plain JSON: null, not undefined, is what is absent');
      case 'bigint':
      case 'function':
      case 'symbol':
        break;
    }
    throw new Refusal('must be plain JSON: texts, finite numbers, true, false, null, lists and objects');
  }

  #list(list: readonly unknown[], depth: number): JsonValue {
    this.#spend(list.length === 0 ? 2 : list.length + 1); // brackets and commas, before a single item is read
    return Array.from(list, (item) => this.of(item, depth + 1));
  }

  #object(object: object, depth: number): JsonValue {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      throw new Refusal('must be plain JSON: no dates, maps or instances of classes');
    this.#spend(2); // braces
    const copy: Record<string, JsonValue> = {};
    let separators = 1; // a colon, and from the second entry on a comma
    for (const [key, inner] of Object.entries(object)) {
      if (prototypeKeys.has(key)) throw new Refusal(`must not have a key named ${key}`);
      if (inner === undefined) continue;
      this.#spend(separators);
      separators = 2;
      copy[this.#text(key)] = this.of(inner, depth + 1);
    }
    return copy;
  }

  #text(text: string): string {
    this.#spend(text.length + 2);
    if (forbiddenCharacter.test(text)) throw new Refusal('must hold no control characters or broken emoji');
    this.#spend(utf8.encode(JSON.stringify(text)).length - text.length - 2);
    return text;
  }

  #spend(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) throw new Refusal(`must be at most ${this.#maxBytes} bytes as JSON`);
  }
}
