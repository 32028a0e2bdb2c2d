export type { Backplane, BackplaneListener, Hint } from './backplane.ts';
export { memoryBackplane } from './memory.ts';
