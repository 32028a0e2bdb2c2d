import { labelled, wrapped } from './layout.ts';
import type { Paint } from './screen.ts';
import type { Places } from './wording.ts';

/** How a story is set. */
export interface Setting {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
  readonly places: Places;
}

/** Space to the left of everything but headings. */
export const margin = '  ';
/** Longer lines of prose are hard to read, however wide the screen is. */
const proseWidth = 100;

export function paragraph(text: string, { width }: Setting): string[] {
  return wrapped(text, Math.min(width, proseWidth) - margin.length).map((line) => margin + line);
}

export function chapter(title: string, { width, paint }: Setting): string[] {
  return ['', paint('bold', title), paint('dim', '─'.repeat(width))];
}

/** Facts under their names. */
export function facts(
  entries: readonly (readonly [name: string, text: string])[],
  { width, paint }: Setting,
): string[] {
  const indent = margin.length + Math.max(...entries.map(([name]) => name.length)) + 2;
  return entries.flatMap(([name, text]) =>
    labelled(margin + name, text, { indent, width: Math.min(width, proseWidth + indent) }).map((line, index) =>
      index === 0 ? line.replace(name, () => paint('cyan', name)) : line,
    ),
  );
}
