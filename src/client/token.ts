/** Soonest and at which part of its life a token is followed by the next. */
const soonestMs = 5_000;
const part = 0.8;

/**
 * When to send new credentials, read from a JSON Web Token's `exp` (RFC 7519 §4.1.4). It is not checked here: that is the server's.
 * @returns milliseconds from now; null for a token that tells nothing, or has expired: then the server says so, and it is asked anew
 */
export function refreshAfter(token: string, now: number): number | null {
  const payload = token.split('.')[1];
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const expires = typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) * 1000 : NaN;
    return expires > now ? Math.max(soonestMs, (expires - now) * part) : null;
  } catch {
    return null;
  }
}

/**
 * The subprotocols that carry a token, because browsers let nothing else travel with a WebSocket's handshake but the address, which
 * ends in access logs. The first one is the server's to choose; the token is never echoed. Characters that a subprotocol may not
 * have (RFC 9110 §5.6.2) are percent-encoded; a JSON Web Token has none.
 */
export function subprotocolsOf(token: string): string[] {
  const encoded = encodeURIComponent(token).replaceAll('(', '%28').replaceAll(')', '%29');
  return ['convoke.v1', `convoke.bearer.${encoded}`];
}
