import { defineConfig } from 'vitest/config';
import unit from './vitest.config.ts';

/** Tests that kill servers, break networks and fill disks. Each has a cluster of its own, so there is no global set-up. */
export default defineConfig({
  resolve: { ...unit.resolve },
  ssr: { ...unit.ssr },
  test: {
    include: ['test/faults/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false, // recovery is timed, and two clusters recovering at once take turns at the disk
    execArgv: unit.test?.execArgv ?? [],
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
