import { createHmac } from 'node:crypto';
import type { KeySeal } from '../core/idempotency.ts';

/**
 * Who a vote in an anonymous poll belongs to: the same person in the same poll is the same UUID, and without the secret nobody
 * can tell which person that is. HMAC-SHA256 (RFC 2104) of poll and user, cut to a UUIDv8 (RFC 9562 §5.8).
 */
export function pseudonymOf(secret: string, pollId: string, userId: string): string {
  return uuidOf(hmac(secret, `${pollId}|${userId}`));
}

/**
 * How a keyed vote in an anonymous poll is remembered. Its owner is another UUID than the vote's, so that the time of the one says
 * nothing about the other.
 */
export function sealOf(secret: string, pollId: string, userId: string): KeySeal {
  const owned = (text: string) => hmac(secret, `key|${pollId}|${userId}|${text}`);
  return { ownerId: uuidOf(owned('')), seal: (text) => owned(text).toString('base64url') };
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function uuidOf(bytes: Buffer): string {
  const uuid = Buffer.from(bytes.subarray(0, 16));
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
