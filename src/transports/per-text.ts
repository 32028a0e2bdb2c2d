/**
 * Remembers what was made of the texts that are being sent just now. One text goes to thousands of connections in one breath, so it is
 * turned into bytes for the first of them only; after that breath nothing is kept.
 */
export function perText<Made>(make: (text: string) => Made): (text: string) => Made {
  const made = new Map<string, { readonly value: Made }>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known.value;
    if (made.size === 0) queueMicrotask(() => made.clear());
    const value = make(text);
    made.set(text, { value });
    return value;
  };
}
