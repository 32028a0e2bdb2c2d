import { defineConfig, mergeConfig } from 'vitest/config';
import unit from './vitest.config.ts';

/** The races and the model at their full length, which `npm test` plays a part of. */
export default mergeConfig(
  { ...unit, test: { ...unit.test, include: [] } },
  defineConfig({
    test: {
      include: ['test/races/**/*.test.ts', 'test/model/**/*.test.ts'],
      env: { TEST_EFFORT: 'full' },
      testTimeout: 60_000,
    },
  }),
);
