/**
 * Finds statements in the bytes a client sends to PostgreSQL (protocol version 3), however they are cut into packets. Every message
 * but the first has a type byte, and all have a length that counts itself.
 */
export class FrontendStream {
  #pending: Buffer = Buffer.alloc(0);
  #started = false;

  /** The statements completed by this chunk, in order. */
  read(chunk: Buffer): string[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const statements: string[] = [];
    for (;;) {
      const header = this.#started ? 1 : 0;
      if (this.#pending.length < header + 4) return statements;
      const end = header + this.#pending.readInt32BE(header);
      if (this.#pending.length < end) return statements;
      const message = this.#pending.subarray(0, end);
      this.#pending = this.#pending.subarray(end);
      if (this.#started) statements.push(...statementOf(message));
      // A request for TLS comes before the start-up message and looks like one; these clients send none.
      this.#started = true;
    }
  }
}

/** Of a simple query, its text; of a parse message, the text behind the name. */
function statementOf(message: Buffer): string[] {
  const type = String.fromCharCode(message[0] ?? 0);
  const body = message.subarray(5);
  if (type === 'Q') return [textAt(body, 0)];
  if (type === 'P') return [textAt(body, body.indexOf(0) + 1)];
  return [];
}

function textAt(body: Buffer, start: number): string {
  return body.toString('utf8', start, body.indexOf(0, start));
}
