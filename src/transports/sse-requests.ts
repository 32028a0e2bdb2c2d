import type { IncomingMessage } from 'node:http';

const mostBytes = 65_536;

/** A request of Node's as one of the web platform's, without its body. */
export function requestOf({ method = 'GET', url = '/', headers }: IncomingMessage): Request {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers))
    // HTTP/2 has fields that are none.
    if (value !== undefined && !name.startsWith(':')) given.set(name, Array.isArray(value) ? value.join(', ') : value);
  return new Request(new URL(`http://localhost/${url.replace(/^\/+/, '')}`), { method, headers: given });
}

/** @returns null for a body that is longer than a message may be */
export async function textOf(body: AsyncIterable<unknown> | null): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('The body was read by somebody else before.');
    bytes += piece.length;
    if (bytes > mostBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
