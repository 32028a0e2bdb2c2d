/** Those who wait until little enough waits to be sent. */
export class Drains {
  #waiting: { readonly atMost: number; readonly callback: () => void }[] = [];

  /** @param buffered bytes that wait now */
  wait(buffered: number, atMost: number, callback: () => void): void {
    if (buffered <= atMost) callback();
    else this.#waiting.push({ atMost, callback });
  }

  /** So many bytes wait now. */
  drained(buffered: number): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(({ atMost }) => buffered <= atMost);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => !ready.includes(each));
    for (const { callback } of ready) callback();
  }
}
