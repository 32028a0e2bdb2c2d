import type { StreamRef } from '../core/event.ts';
import type { ClientMessage, Frame } from '../realtime/frame.ts';
import { watchSilence } from './clock.ts';
import {
  frameOf,
  type Link,
  type LinkEnd,
  type LinkEvents,
  type LinkSettings,
  lost,
  silenceMs,
  silent,
  streamKey,
} from './link.ts';
import { refusalOf, retryAfterOf } from './refusal.ts';
import { type SseMessage, SseParser } from './sse-parser.ts';

/** Streams by server-sent events, one request each; what the client says by POST, one after another. */
export class SseLink implements Link {
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  readonly #listening = new Map<string, AbortController>();
  readonly #closing = new AbortController();
  /** Messages arrive in the order they were sent in, as they do over a socket. */
  #posting: Promise<void> = Promise.resolve();
  #reached = false;

  constructor(settings: LinkSettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  subscribe(stream: StreamRef, after: string | null): void {
    this.unsubscribe(stream);
    const stopping = new AbortController();
    this.#listening.set(streamKey(stream), stopping);
    void this.#listen(stream, after, stopping);
  }

  unsubscribe(stream: StreamRef): void {
    const key = streamKey(stream);
    this.#listening.get(key)?.abort();
    this.#listening.delete(key);
  }

  send(message: ClientMessage): void {
    this.#posting = this.#posting.then(() => this.#post(message));
  }

  /** Every request brings its own. */
  async authenticate(): Promise<void> {}

  close(): void {
    this.#closing.abort();
    for (const stopping of this.#listening.values()) stopping.abort();
    this.#listening.clear();
  }

  async #listen(stream: StreamRef, after: string | null, stopping: AbortController): Promise<void> {
    const url = new URL(this.#settings.url);
    url.searchParams.set('stream', streamKey(stream));
    if (after !== null) url.searchParams.set('after', after);
    const parser = new SseParser();
    const silence = watchSilence(this.#settings.clock, silenceMs, () => {
      stopping.abort();
      this.#end(silent);
    });
    try {
      const response = await this.#request(url, { headers: { accept: 'text/event-stream' }, signal: stopping.signal });
      const type = response.headers.get('content-type') ?? '';
      if (!response.ok || response.status === 204 || response.body === null)
        return await this.#refused(response, (code, message) => ({ kind: 'unsubscribed', stream, code, message }));
      if (!type.startsWith('text/event-stream')) return this.#end(lost(`an answer of type ${type}`));
      this.#reach();
      const decoder = new TextDecoder();
      for await (const bytes of piecesOf(response.body)) {
        silence.heard();
        for (const message of parser.push(decoder.decode(bytes, { stream: true }))) {
          if (stopping.signal.aborted) return;
          if (this.#take(message)) return;
        }
      }
      this.#ended(parser);
    } catch (error) {
      if (!stopping.signal.aborted) this.#end(lost(reasonOf(error)));
    } finally {
      silence.stop();
      stopping.abort(); // lets go of the body, however this came to an end
    }
  }

  /** @returns whether the stream is over */
  #take({ event, data }: SseMessage): boolean {
    if (event === 'close') {
      const { code, reason } = closeOf(data);
      this.#end({ code, reason });
      return true;
    }
    const frame = frameOf(data);
    if (frame === null || frame.kind === 'ping') return false; // whoever reads has answered
    const last = frame.kind === 'reset' || frame.kind === 'unsubscribed';
    this.#events.frame(frame);
    return last;
  }

  #ended({ retryMs }: SseParser): void {
    this.#end({ ...lost('the stream ended'), ...(retryMs !== undefined && { retryAfterMs: retryMs }) });
  }

  async #post(message: ClientMessage): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const late = new AbortController();
    const off = this.#settings.clock.after(silenceMs, () => late.abort());
    try {
      const response = await this.#request(this.#settings.url, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(message),
        signal: AbortSignal.any([this.#closing.signal, late.signal]),
      });
      if (message.kind !== 'command') return await response.body?.cancel(); // said in passing: nobody waits for it
      const { id } = message;
      if (!response.ok) {
        return await this.#refused(response, (code, text, details) => ({
          kind: 'failed',
          id,
          code,
          message: text,
          details,
        }));
      }
      const frame = frameOf(await response.text());
      if (frame === null) return this.#end(lost('an answer that is no frame'));
      this.#reach();
      this.#events.frame(frame);
    } catch (error) {
      if (!this.#closing.signal.aborted && message.kind === 'command') this.#end(lost(reasonOf(error)));
    } finally {
      off();
    }
  }

  async #request(url: URL, init: RequestInit): Promise<Response> {
    const { token: ask, fetch, credentials } = this.#settings;
    const send = (token: string | null) => {
      const headers = new Headers(init.headers);
      if (token !== null) headers.set('authorization', `Bearer ${token}`);
      return fetch(url, { ...init, headers, credentials, cache: 'no-store' });
    };
    if (ask === null) return send(null);
    const token = await ask();
    const response = await send(token);
    if (response.status !== 401) return response;
    // It may have run out on its way. The same one again would say that there is no other.
    const next = await ask();
    if (next === token) return response;
    await response.body?.cancel();
    return send(next);
  }

  /** A refusal is the stream's or the command's own, unless the server knows nobody, or is not well. */
  async #refused(
    response: Response,
    frameOfRefusal: (code: string, message: string, details: Readonly<Record<string, unknown>>) => Frame,
  ): Promise<void> {
    const text = await response.text();
    const { status } = response;
    if (status === 401 || status === 204) return this.#end({ code: 3500, reason: `HTTP ${status}` });
    const told = frameOf(text);
    if (told?.kind === 'failed' || told?.kind === 'done') return this.#answered(told);
    if (status === 408 || status === 429 || status >= 500) {
      const retryAfterMs = retryAfterOf(response.headers.get('retry-after'));
      return this.#end({ ...lost(`HTTP ${status}`), ...(retryAfterMs !== null && { retryAfterMs }) });
    }
    const { code, message, details } = refusalOf(status, text);
    this.#answered(frameOfRefusal(code, message, details));
  }

  #answered(frame: Frame): void {
    this.#reach();
    this.#events.frame(frame);
  }

  #reach(): void {
    if (this.#reached || this.#closing.signal.aborted) return;
    this.#reached = true;
    this.#events.reached();
  }

  #end(end: LinkEnd): void {
    if (this.#closing.signal.aborted) return;
    this.close();
    this.#events.ended(end);
  }
}

/** Not every browser can iterate over a body. */
async function* piecesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Where no close code can travel, an event named `close` says the same: `{ "code": 3001, "reason": "…" }`. */
function closeOf(data: string): LinkEnd {
  try {
    const { code, reason } = JSON.parse(data) as { code?: unknown; reason?: unknown };
    return { code: typeof code === 'number' ? code : 1006, reason: typeof reason === 'string' ? reason : '' };
  } catch {
    return lost('closed');
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
