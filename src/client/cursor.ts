/** A place in a stream, as the server counts. */
export interface Place {
  readonly epoch: string;
  readonly seq: number;
}

/** A place as text, `epoch:seq`: keep it with what you have made of the events so far, and give it as `after`. */
export function cursorOf({ epoch, seq }: Place): string {
  return `${epoch}:${seq}`;
}

/** @returns null for anything but a cursor */
export function placeOf(cursor: string): Place | null {
  const [, epoch, digits] = /^([^:]+):(\d{1,16})$/.exec(cursor) ?? [];
  return epoch === undefined || digits === undefined ? null : { epoch, seq: Number(digits) };
}
