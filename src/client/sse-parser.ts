/** What one block of an event stream says. */
export interface SseMessage {
  /** `message` unless the server names another. */
  readonly event: string;
  readonly data: string;
}

/** Reads `text/event-stream` (WHATWG HTML §9.2.6) from pieces that are cut anywhere. Ids are left alone: frames carry their own. */
export class SseParser {
  /** How long the server asks to be left alone after the stream has ended, in milliseconds. */
  retryMs: number | undefined = undefined;
  #rest = '';
  #event = '';
  #data: string[] = [];
  #started = false;

  /** @returns the messages that this piece completes */
  push(piece: string): SseMessage[] {
    let text = this.#rest + piece;
    if (!this.#started && text !== '') {
      this.#started = true;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    const messages: SseMessage[] = [];
    // A carriage return at the end may be the first half of a line's end.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') this.#field(line);
      else messages.push(...this.#dispatch());
    }
    return messages;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(): SseMessage[] {
    const [event, data] = [this.#event, this.#data];
    this.#event = '';
    this.#data = [];
    return data.length === 0 ? [] : [{ event: event || 'message', data: data.join('\n') }];
  }
}
