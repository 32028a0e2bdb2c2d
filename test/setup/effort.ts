/** `npm test` plays a fifth of what is played often because it fails seldom; `npm run test:races` plays all of it. */
const share = process.env['TEST_EFFORT'] === 'full' ? 1 : 0.2;

/** How often to play what is worth so many tries. */
export function tries(count: number): number {
  return Math.max(2, Math.round(count * share));
}
