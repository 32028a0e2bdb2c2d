/** A place in a stream. */
export interface Cursor {
  readonly epoch: string;
  readonly seq: number;
}

/** As it is written: in frames, as the id of server-sent events, in `after`. */
export function formatCursor({ epoch, seq }: Cursor): string {
  return `${epoch}:${seq}`;
}

const written = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(0|[1-9]\d{0,15})$/;

/** @returns null for anything but a cursor */
export function parseCursor(text: string): Cursor | null {
  const [, epoch, digits] = written.exec(text) ?? [];
  if (epoch === undefined || digits === undefined) return null;
  const seq = Number(digits);
  return Number.isSafeInteger(seq) ? { epoch, seq } : null;
}
