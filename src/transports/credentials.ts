import { type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { isId } from '../core/identifier.ts';
import type { Identity } from './session.ts';

/** An HTTP answer that says no, in the host's own words. A `Response` will not do: it has to be written to a socket at once. */
export interface Refusal {
  /** 400 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Who it is; null for nobody, who is told not to come back; or an HTTP answer of the host's own. */
export type Authentication = Identity | Refusal | null;

const subprotocol = 'convoke.bearer.';

/**
 * The token that came with a request: in the header `Authorization: Bearer`, in the subprotocol `convoke.bearer.<token>` (browsers can set
 * no header of a WebSocket), or in the query parameter `access_token` (RFC 6750 §2.3), which ends in access logs.
 */
export function tokenOf({
  url,
  headers,
}: {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}): string | null {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (bearer !== undefined) return bearer;
  const offered = subprotocolsOf(headers).find((each) => each.startsWith(subprotocol));
  if (offered !== undefined) return decoded(offered.slice(subprotocol.length));
  return queryOf(url).get('access_token');
}

/** @param url of a request: a path, or a whole address */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
}

/**
 * The name that a client has for itself: a UUID of its own making, in the query parameter `connection`, the same each time it comes back. Its
 * presence goes on then. Names are a person's own, so nobody can take on somebody else's.
 */
export function connectionIdIn(url: string): string | null {
  return connectionIdOf(queryOf(url).get('connection'));
}

/** @returns null for anything but a UUID */
export function connectionIdOf(given: unknown): string | null {
  return typeof given === 'string' && isId(given.toLowerCase()) ? given.toLowerCase() : null;
}

export function isRefusal(found: Exclude<Authentication, null>): found is Refusal {
  return !('userId' in found);
}

/** Who is told when the host's own word cannot be had: nobody else waits for it. */
export const onErrorOption = z
  .custom<(error: unknown) => void>((value) => typeof value === 'function', 'must be a function')
  .default(() => warn);

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error('authenticate has thrown', { cause: error }));
}

/** @throws TypeError for what cannot be an HTTP answer */
export function checkRefusal({ status, headers = {} }: Refusal): void {
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new TypeError(`A refusal has a status from 400 to 599, not ${status}.`);
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
}

function subprotocolsOf(headers: IncomingHttpHeaders): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
}

/** @returns null for what was not encoded properly: it cannot be anybody's token */
function decoded(token: string): string | null {
  try {
    return decodeURIComponent(token);
  } catch {
    return null;
  }
}
