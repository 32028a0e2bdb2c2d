import { defineConfig } from 'tsup';

export default defineConfig({
  // One key per subpath of "exports" in package.json, and the bin; test/packaging.test.ts holds the two together.
  entry: {
    index: 'src/index.ts',
    client: 'src/client/index.ts',
    entities: 'src/entities.ts',
    testing: 'src/testing/index.ts',
    'backplanes/nats': 'src/backplanes/nats.ts',
    'backplanes/postgres': 'src/backplanes/postgres.ts',
    'backplanes/redis': 'src/backplanes/redis.ts',
    'transports/socket-io': 'src/transports/socket-io.ts',
    'transports/sse': 'src/transports/sse.ts',
    'transports/websocket': 'src/transports/websocket.ts',
    cli: 'src/cli.ts',
  },
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  splitting: true, // one copy of the entity classes, whichever subpaths a host imports
  sourcemap: true,
  clean: true,
  dts: true,
  minify: false,
  // Node 22+ parses date-fns' 200 kB package.json once per imported file: 1.5 s of start-up, 16 ms when bundled.
  noExternal: [/^date-fns(-tz)?(\/|$)/],
});
