import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const conditions = ['@convoke/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/faults/**'], // they bring their own servers: npm run test:faults
    globalSetup: ['test/setup/postgres.ts'],
    setupFiles: ['test/setup/real-timers.ts'],
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1), // half of the time a worker waits for PostgreSQL
    isolate: false, // files are kept apart by their databases; importing the ORM anew per file costs most of a run
    execArgv: ['--disable-proto=delete'], // a host may run hardened: nothing of ours may need `__proto__`
    deps: { optimizer: { ssr: { enabled: true, include: ['date-fns-tz'] } } }, // see noExternal in tsup.config.ts
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
