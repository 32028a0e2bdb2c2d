/** Calls as a host without types makes them: anything may be given, anything may come back. */
import { isMeetingError } from '../../src/core/errors.ts';

/** Calls a method with whatever. What it throws goes through. */
export function call(target: object, method: string, given: readonly unknown[]): unknown {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== 'function') throw new Error(`${method} is no method`);
  return Reflect.apply(found, target, given);
}

/** The same for a call that may be refused on the spot: gives what was refused, as a client would get it. */
export function answer(target: object, method: string, given: readonly unknown[]): unknown {
  try {
    return call(target, method, given);
  } catch (error) {
    if (isMeetingError(error)) return error.toJSON();
    throw error;
  }
}
