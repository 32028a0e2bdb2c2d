import type { ClientMessage, Frame } from '../realtime/frame.ts';
import { ConvokeError, errorOf } from './error.ts';
import type { Done } from './wire.ts';

/** What a server reads of one message at most, in bytes. */
const mostBytes = 65_536;
/** So many commands may wait for their answers. */
const mostWaiting = 256;

/** What is sent again until it is answered. */
export type CommandMessage = Extract<ClientMessage, { kind: 'command' }>;

interface Waiting {
  readonly command: CommandMessage;
  /** Whether it was ever on its way to a server: if so, nobody here can say that it was not done. */
  sent: boolean;
  readonly answered: (done: Done<unknown>) => void;
  readonly refused: (error: ConvokeError) => void;
}

/** Commands that are not answered yet. Each is sent again, under its id, over every new connection: the server does it once. */
export class Outbox {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * @param send sends it now, where that is possible
   * @returns what the server answers; rejects with a ConvokeError
   */
  add(
    command: CommandMessage,
    signal: AbortSignal | null,
    send: ((command: CommandMessage) => void) | null,
  ): Promise<Done<unknown>> {
    return new Promise((resolve, reject: (error: ConvokeError) => void) => {
      const refusal = this.#refusalOf(command, signal);
      if (refusal !== null) return reject(refusal);
      const aborted = () => this.#take(command.id)?.refused(abortedError());
      signal?.addEventListener('abort', aborted, { once: true });
      const over = () => signal?.removeEventListener('abort', aborted);
      this.#waiting.set(command.id, {
        command,
        sent: send !== null,
        answered(done) {
          over();
          resolve(done);
        },
        refused(error) {
          over();
          reject(error);
        },
      });
      send?.(command);
    });
  }

  /** Sends everything that waits, in the order it was given in. */
  repeat(send: (command: CommandMessage) => void): void {
    for (const waiting of this.#waiting.values()) {
      waiting.sent = true;
      send(waiting.command);
    }
  }

  answer(frame: Extract<Frame, { kind: 'done' | 'failed' }>): void {
    if (frame.id === null) return;
    const waiting = this.#take(frame.id);
    if (frame.kind === 'failed') waiting?.refused(errorOf(frame));
    else waiting?.answered({ result: frame.result ?? null, seq: frame.seq });
  }

  /** Nothing will be answered any more. */
  close(closeCode: number, reason: string): void {
    const details = { closeCode, reason };
    for (const { sent, refused } of this.#waiting.values())
      refused(
        sent
          ? new ConvokeError('OUTCOME_UNKNOWN', 'The connection was closed before the answer came.', details)
          : new ConvokeError('UNAVAILABLE', 'The connection was closed before the command could be sent.', details),
      );
    this.#waiting.clear();
  }

  #refusalOf(command: CommandMessage, signal: AbortSignal | null): ConvokeError | null {
    if (signal?.aborted === true) return abortedError();
    if (this.#waiting.has(command.id))
      return new ConvokeError('CONFLICT', 'A command with this id waits for its answer.');
    if (this.#waiting.size >= mostWaiting) return new ConvokeError('BUSY', `${mostWaiting} commands wait for answers.`);
    // Sent all the same, it would end the connection, and every one after it.
    const bytes = new TextEncoder().encode(JSON.stringify(command)).length;
    return bytes > mostBytes
      ? new ConvokeError('VALIDATION', `A command has at most ${mostBytes} bytes.`, { bytes })
      : null;
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

const abortedError = () => new ConvokeError('ABORTED', 'The command was called off; it may have been done.');
