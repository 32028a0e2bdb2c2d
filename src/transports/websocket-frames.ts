import { perText } from './per-text.ts';

/** As much of a WebSocket of `ws` as is written to. */
interface Writable {
  send(text: string, written: (error?: Error) => void): void;
}

/** Sends a text. What goes wrong is told by the socket's closing. */
export type SendText = (socket: Writable, text: string, written: () => void) => void;

type Frame = (data: Buffer, options: object) => unknown;

/** A text message that is not masked, compressed or cut up (RFC 6455 §5.2), as servers send it. */
const textFrame = Object.freeze({ fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true });
const probe = Buffer.from([0x81, 0x02, 0x6f, 0x6b]);

const plain: SendText = (socket, text, written) => socket.send(text, written);

/**
 * How texts are sent: framed once for all sockets that get the same one, where the installed `ws` lets one, which is found out by
 * trying; else by each socket's own `send`.
 * @param sender the class that `ws` frames messages with
 */
export function sendTextBy(sender: unknown): SendText {
  const frame = frameOf(sender);
  if (frame === null) return plain;
  const framed = perText((text) => bytesOf(frame, text));
  return (socket, text, written) => {
    const own: unknown = Reflect.get(socket, '_sender');
    const bytes = framed(text);
    if (bytes === null || !hasSendFrame(own)) plain(socket, text, written);
    else own.sendFrame([bytes], written);
  };
}

function frameOf(sender: unknown): Frame | null {
  const frame: unknown = typeof sender === 'function' ? Reflect.get(sender, 'frame') : null;
  if (typeof frame !== 'function') return null;
  const call: Frame = (data, options) => Reflect.apply(frame, sender, [data, options]);
  try {
    return bytesOf(call, 'ok')?.equals(probe) === true ? call : null;
  } catch {
    return null;
  }
}

function bytesOf(frame: Frame, text: string): Buffer | null {
  const parts = frame(Buffer.from(text), { ...textFrame });
  return Array.isArray(parts) && parts.every((part) => Buffer.isBuffer(part)) ? Buffer.concat(parts) : null;
}

function hasSendFrame(sender: unknown): sender is { sendFrame(list: readonly Buffer[], written: () => void): void } {
  return typeof sender === 'object' && sender !== null && typeof Reflect.get(sender, 'sendFrame') === 'function';
}
