import { blockOf } from './event-stream.ts';
import { closeAnswer, type HttpAnswer, jsonAnswer, noStore, refusal, statusOf } from './http-answer.ts';
import type { Identity, RealtimeHost } from './session.ts';

/** What is done by other requests. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['subscribe', 'Ask for a stream by GET.'],
  ['unsubscribe', 'A stream is left by closing it.'],
  ['authenticate', 'New credentials come with the next request.'],
]);

/** Hands on one message, and gives back what it is answered. @param id of the connection */
export async function say(host: RealtimeHost, id: string, identity: Identity, text: string): Promise<HttpAnswer> {
  const kind = kindOf(text);
  const instead = elsewhere.get(kind);
  if (instead !== undefined) return refusal('VALIDATION', instead);
  const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
  const session = host.open(
    {
      ...{ id, bufferedBytes: 0 },
      send(frame) {
        if (blockOf(frame).kind !== 'ping') resolve(answerOf(frame));
      },
      onDrain: (_, callback) => callback(),
      close: (code, reason) => resolve(closeAnswer(code, reason)),
    },
    identity,
  );
  session.receive(text);
  // In passing: what would have been wrong with it has been said by now.
  if (kind !== 'command') resolve({ status: 204, headers: noStore, body: null });
  return promise.finally(() => session.closed());
}

function answerOf(frame: string): HttpAnswer {
  const { kind, code } = JSON.parse(frame) as Readonly<Record<string, unknown>>;
  return jsonAnswer(kind === 'failed' ? statusOf(String(code)) : 200, frame);
}

/** @returns nothing in particular for what cannot be read: that is said by who reads it */
function kindOf(text: string): string {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? String(Reflect.get(message, 'kind')) : '';
  } catch {
    return '';
  }
}
