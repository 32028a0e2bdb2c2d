import { isMeetingError, type MeetingError } from '../core/errors.ts';
import { invalid, validate } from '../core/validate.ts';
import { clientMessage, type ReadMessage } from './message.schema.ts';

/** Bytes that one message may have, as UTF-8. */
export const mostMessageBytes = 65_536;

/** What a client has sent, or why it cannot be read. */
export function readMessage(text: string): ReadMessage | MeetingError {
  // A character has at least one byte: what is far too long is not even counted.
  if (text.length > mostMessageBytes || Buffer.byteLength(text) > mostMessageBytes)
    return invalid([{ path: '', message: `must have at most ${mostMessageBytes} bytes` }]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid([{ path: '', message: 'must be JSON' }]);
  }
  try {
    return validate(clientMessage, value);
  } catch (error) {
    if (isMeetingError(error)) return error;
    throw error;
  }
}
