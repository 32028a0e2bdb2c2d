import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Dresses text for a terminal, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** Where a story is told. */
export interface Screen {
  /** Characters that fit in a line. */
  readonly columns: number;
  /** Whether a line can be drawn over: a terminal, not a file or a pipe. */
  readonly interactive: boolean;
  readonly paint: Paint;
  write(text: string): void;
}

const clearLine = '\r\u001B[2K';

/** Lines that stay, and one beneath them that moves where the screen can show that and is silent where it cannot. */
export class Stagehand implements Disposable {
  readonly #screen: Screen;
  #moving = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  lines(...lines: readonly string[]): void {
    this.#clear();
    for (const line of lines) this.#screen.write(`${line.trimEnd()}\n`);
  }

  /** @param text without any styling, since it is cut where the screen ends */
  progress(text: string): void {
    if (!this.#screen.interactive) return;
    this.#screen.write(clearLine + this.#screen.paint('dim', text.slice(0, this.#screen.columns - 1)));
    this.#moving = true;
  }

  /** Whatever comes next, even a failure, begins on a clean line. */
  [Symbol.dispose](): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#moving) this.#screen.write(clearLine);
    this.#moving = false;
  }
}
