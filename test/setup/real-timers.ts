/**
 * Files share one process, and the timers that one of them has faked were seen to outlive it once a second file had faked
 * them too. Whatever a file leaves behind, the next begins with the timers the process was born with.
 */
import { afterAll } from 'vitest';

const names = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['Date', 'performance'] as const),
];

const born = Symbol.for('convoke.test.born-timers');

function bornTimers(): PropertyDescriptorMap {
  const kept: unknown = Reflect.get(globalThis, born);
  if (kept !== undefined) return kept as PropertyDescriptorMap; // put there by the line below, in an earlier file
  const found = Object.fromEntries(
    names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name) ?? {}]),
  );
  Reflect.set(globalThis, born, found);
  return found;
}

const timers = bornTimers();
Object.defineProperties(globalThis, timers);
afterAll(() => void Object.defineProperties(globalThis, timers));
