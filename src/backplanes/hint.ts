import { z } from 'zod';
import { json } from '../core/json.ts';
import { id } from '../core/schema.ts';
import type { Hint } from './backplane.ts';

/** Most bytes that a payload from outside may have before it is even read. */
const maxPayloadBytes = 65_536;
/** Version of the payload. One of another version comes from a process that this one cannot understand. */
const version = 1;

const stream = z.object({ kind: z.enum(['meeting', 'user']), id });
const hintSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('wake'), stream, seq: z.int().min(0) }),
  z.object({
    kind: z.enum(['signal', 'state']),
    stream,
    from: id,
    type: z.string().min(1).max(255),
    data: json({ maxBytes: maxPayloadBytes, maxDepth: 32 }),
    audience: z.union([z.enum(['all', 'hosts']), z.object({ users: z.array(id) })]),
  }),
  z.object({ kind: z.literal('states-wanted'), stream }),
]) satisfies z.ZodType<Hint>;
const payloadSchema = z.object({ version: z.literal(version), node: id, hints: z.array(z.unknown()) });

/** Several hints as one text. */
export interface Payload {
  readonly text: string;
  readonly hints: number;
}

/** What a text from outside held. */
export interface Unpacked {
  /** Who sent it; null where it cannot be told. */
  readonly node: string | null;
  readonly hints: readonly Hint[];
  /** How many things were in it that are no hints. */
  readonly dropped: number;
}

/** As JSON; null where JSON cannot say it. */
export function encode(hint: Hint): string | null {
  try {
    return JSON.stringify(hint);
  } catch {
    return null; // circular, or a BigInt: a signal's data is whatever its caller gave
  }
}

/** A hint of its own, checked; null for what is none. */
export function decode(text: string): Hint | null {
  return hintIn(parsed(text));
}

/**
 * Puts hints into as few payloads as hold them, in their order. No hints make one empty payload.
 * @param node id of the sender
 * @param maxBytes of one payload as UTF-8
 */
export function pack(
  hints: readonly Hint[],
  node: string,
  maxBytes: number,
): { readonly payloads: readonly Payload[]; readonly dropped: number } {
  const head = `{"version":${version},"node":${JSON.stringify(node)},"hints":[`;
  const room = maxBytes - Buffer.byteLength(head) - ']}'.length;
  const packs: string[][] = [[]];
  let used = 0;
  let dropped = 0;
  for (const hint of hints) {
    const encoded = encode(hint);
    const bytes = encoded === null ? Number.POSITIVE_INFINITY : Buffer.byteLength(encoded) + ','.length;
    if (encoded === null || bytes > room) {
      dropped++;
      continue;
    }
    if (used + bytes > room) {
      packs.push([]);
      used = 0;
    }
    packs.at(-1)?.push(encoded);
    used += bytes;
  }
  return { payloads: packs.map((each) => ({ text: `${head}${each.join()}]}`, hints: each.length })), dropped };
}

/** Reads what anybody may have sent: never throws. */
export function unpack(text: string): Unpacked {
  const nothing: Unpacked = { node: null, hints: [], dropped: 1 };
  if (text.length > maxPayloadBytes) return nothing;
  const payload = payloadSchema.safeParse(parsed(text));
  if (!payload.success) return nothing;
  const hints = payload.data.hints.map(hintIn).filter((hint) => hint !== null);
  return { node: payload.data.node, hints, dropped: payload.data.hints.length - hints.length };
}

function hintIn(value: unknown): Hint | null {
  return hintSchema.safeParse(value).data ?? null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
