/** Waits for something, but not for ever. @returns null where the time is over before */
export async function within<Value>(milliseconds: number, wait: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<null>((resolve) => (timer = setTimeout(resolve, milliseconds, null)));
  return Promise.race([wait, over]).finally(() => clearTimeout(timer));
}
