import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { validate } from '../core/validate.ts';
import { type Authentication, checkRefusal, isRefusal, onErrorOption, queryOf, tokenOf } from './credentials.ts';
import { nodeOutlet, webOutlet } from './event-stream-outlets.ts';
import { EventStream, type EventStreamOutlet } from './event-stream.ts';
import { type HttpAnswer, noStore, refusal } from './http-answer.ts';
import { closeAll } from './open-connections.ts';
import type { Identity, RealtimeHost, SessionTransport } from './session.ts';
import { clientOf, Listening } from './sse-listening.ts';
import { requestOf, textOf } from './sse-requests.ts';
import { say } from './sse-saying.ts';

export interface SseTransportOptions {
  /**
   * Who is it? The host's own word, from a token (`Authorization: Bearer`; an `EventSource` can only have it in the query, as
   * `access_token`) or from whatever else the request has, such as a cookie. Asked for every request. The body is not part of it.
   */
  readonly authenticate: (request: Request, token: string | null) => Authentication | Promise<Authentication>;
  /** Is told when `authenticate` throws. @default a warning of the process */
  readonly onError?: (error: unknown) => void;
}

export interface SseTransport extends SessionTransport {
  /**
   * Answers a request of the web platform's kind. GET `?stream=meeting:<id>&after=<cursor>` is a stream of events; POST takes one message of
   * the client's, and is answered by a frame. Never rejects.
   */
  fetch(request: Request): Promise<Response>;
  /** The same for Node's HTTP server and what is built on it, before anything that reads bodies. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const heartbeatMs = 15_000;
const eventStream = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no', // nginx would wait for more
};

const options = z.strictObject({
  authenticate: z.custom<SseTransportOptions['authenticate']>(
    (value) => typeof value === 'function',
    'must be a function',
  ),
  onError: onErrorOption,
});

/**
 * Server-sent events, for where no WebSocket gets through, with nothing to install. Which other origins may read it, if any, is for the host to
 * say, as for all its pages.
 * @throws MeetingError VALIDATION for wrong options
 */
export function sseTransport(given: SseTransportOptions): SseTransport {
  return new Transport(validate(options, given));
}

class Transport implements SseTransport {
  readonly kind = 'session';
  readonly specVersion = 1;
  readonly #options: z.output<typeof options>;
  /** Those that are open, and what is to be called once they are not. */
  readonly #streams = new Map<EventStream, PromiseWithResolvers<void>>();
  #host: RealtimeHost | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  start(host: RealtimeHost): void {
    if (this.#host !== null) throw new TypeError('This transport belongs to another service already.');
    this.#host = host;
    this.#timer = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#host = null;
    if (this.#timer !== null) clearInterval(this.#timer);
    await closeAll(graceMs, this.#streams.values(), ({ promise }, closed) => void promise.then(closed));
    for (const stream of this.#streams.keys()) stream.destroy();
  }

  async fetch(request: Request): Promise<Response> {
    const found = await this.#answer(() => request, request.body);
    if (!(found instanceof Listening)) {
      const { status, headers, body } = found;
      return new Response(body, { status, headers });
    }
    const { body, outlet } = webOutlet(() => this.#gone(found, stream));
    const stream = this.#begin(found, outlet);
    if (request.signal.aborted) stream.destroy();
    request.signal.addEventListener('abort', () => stream.destroy(), { once: true });
    return new Response(body, { headers: eventStream });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A body that is longer than it may be is left unread, and the connection with it.
    const found = await this.#answer(() => requestOf(request), request.iterator({ destroyOnReturn: false }));
    if (!(found instanceof Listening)) {
      const { status, headers, body } = found;
      const unread = request.readableEnded ? {} : { connection: 'close' };
      response.writeHead(status, { ...headers, ...unread }).end(body ?? undefined);
      return;
    }
    if (response.destroyed) return found.gone();
    response.writeHead(200, eventStream);
    const outlet = nodeOutlet(response, () => this.#gone(found, stream));
    const stream = this.#begin(found, outlet);
  }

  async #answer(asked: () => Request, body: AsyncIterable<unknown> | null): Promise<HttpAnswer | Listening> {
    const host = this.#host;
    if (host === null) return refusal('UNAVAILABLE', 'The service is not open; come back.');
    try {
      const request = asked();
      const isListening = request.method === 'GET';
      if (!isListening && request.method !== 'POST')
        return { status: 405, headers: { allow: 'GET, POST' }, body: null };
      const identity = await this.#authenticate(request);
      if (!('userId' in identity)) return identity;
      return isListening ? await listen(host, identity, request) : await take(host, identity, request, body);
    } catch (error) {
      this.#options.onError(error);
      return refusal('INTERNAL', 'Something went wrong.');
    }
  }

  async #authenticate(request: Request): Promise<Identity | HttpAnswer> {
    const headers = Object.fromEntries(request.headers);
    const found = await this.#options.authenticate(request, tokenOf({ url: request.url, headers }));
    if (found === null) return refusal('FORBIDDEN', 'These are the credentials of nobody.', 401);
    if (!isRefusal(found)) return found;
    checkRefusal(found);
    return { status: found.status, headers: { ...noStore, ...found.headers }, body: found.body ?? null };
  }

  #begin(listening: Listening, outlet: EventStreamOutlet): EventStream {
    const stream = new EventStream(outlet);
    this.#streams.set(stream, Promise.withResolvers());
    listening.attach(stream);
    return stream;
  }

  #gone(listening: Listening, stream: EventStream): void {
    listening.gone();
    this.#streams.get(stream)?.resolve();
    this.#streams.delete(stream);
  }

  #beat(): void {
    for (const stream of this.#streams.keys()) stream.beat();
  }
}

async function listen(host: RealtimeHost, identity: Identity, request: Request): Promise<HttpAnswer | Listening> {
  const query = queryOf(request.url);
  const [kind, id] = (query.get('stream') ?? '').split(':', 2);
  const lastEventId = request.headers.get('last-event-id');
  const after = lastEventId ?? query.get('after');
  const listening = new Listening(clientOf(request, identity));
  const message = { kind: 'subscribe', stream: { kind, id }, ...(after !== null && { after }) };
  listening.open(host, identity, JSON.stringify(message));
  const answer = await listening.answer;
  if (answer === null) return listening;
  // A browser that comes back by itself is told that there is nothing to come back for.
  const isOver = lastEventId !== null && answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  return isOver ? { status: 204, headers: noStore, body: null } : answer;
}

async function take(
  host: RealtimeHost,
  identity: Identity,
  request: Request,
  body: AsyncIterable<unknown> | null,
): Promise<HttpAnswer> {
  // A form on somebody else's page can send anything but this, and the cookies with it.
  if (request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json')
    return refusal('VALIDATION', 'A message is application/json.', 415);
  const text = await textOf(body);
  return text === null
    ? refusal('VALIDATION', 'A message has at most 64 KB.', 413)
    : say(host, clientOf(request, identity), identity, text);
}
