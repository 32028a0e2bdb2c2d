/** As much of a page's window as is used; Node has neither. */
interface Page {
  addEventListener?: (type: 'online', listener: () => void) => void;
  removeEventListener?: (type: 'online', listener: () => void) => void;
}

/** Calls each time the browser finds its network again. @returns what stops it */
export function whenOnline(callback: () => void): () => void {
  const page = globalThis as Page;
  page.addEventListener?.('online', callback);
  return () => page.removeEventListener?.('online', callback);
}
