import { spawnSync } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import pg from 'pg';
import { describe, expect, test as plain } from 'vitest';
import { migrationSql } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import type { MeetingServiceOptions } from '../../src/options.ts';
import { createDatabase, test } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { fails } from '../setup/service.ts';

/** Options as a host in JavaScript, or with an unset variable, would give them. */
function open(options: unknown): Promise<MeetingService> {
  return MeetingService.open(options as MeetingServiceOptions);
}

const database = { pglite: 'memory://' };
const publish = () => {};

describe('options that cannot be right are refused, by name', () => {
  plain.for<[string, unknown, RegExp]>([
    ['nothing', undefined, /^The input is required/],
    ['no database', {}, /^database is required/],
    ['an empty database', { database: {} }, /^database must have exactly one of url, pglite and orm/],
    ['two databases', { database: { url: 'postgres://a/b', ...database } }, /^database must have exactly one of/],
    [
      'a URL of another kind',
      { database: { url: 'mysql://root@localhost/app' } },
      /^database\.url must be a URL such as/,
    ],
    ['a URL that is none', { database: { url: 'localhost' } }, /^database\.url must be a URL such as/],
    ['an unset URL', { database: { url: undefined } }, /^database must have exactly one of/],
    ['no directory', { database: { pglite: '' } }, /^database\.pglite must be memory:\/\/ or a directory/],
    ['no ORM', { database: { orm: {} } }, /^database\.orm must be a MikroORM/],
    [
      'a switch that an embedded database has not',
      { database: { ...database, preparedStatements: false } },
      /^database\.preparedStatements must be given with url or orm/,
    ],
    [
      'a text for a switch of the database',
      { database: { url: 'postgres://a/b', preparedStatements: 'no' } },
      /^database\.preparedStatements must be true or false/,
    ],
    ['an unknown option', { database, colour: 1 }, /^colour is not a known field/],
    ['an unknown limit', { database, limits: { connections: 5 } }, /^limits\.connections is not a known field/],
    ['a name with capitals', { database, schema: 'Meetings' }, /^schema must be a lower-case PostgreSQL name/],
    ['a name that breaks out', { database, schema: 'a"; drop schema public; --' }, /^schema must be a lower-case/],
    ['a name too long', { database, schema: 'a'.repeat(64) }, /^schema must be .* at most 63/],
    ['a name of PostgreSQL', { database, schema: 'pg_catalog' }, /^schema must not be a name of PostgreSQL/],
    ['a text for a switch', { database, migrate: 'yes' }, /^migrate must be true or false/],
    ['a number too small', { database, limits: { poolSize: 0 } }, /^limits\.poolSize must be at least 1/],
    ['a fraction', { database, limits: { poolSize: 1.5 } }, /^limits\.poolSize must be/],
    ['an unknown switch', { database, policy: { switches: { everything: true } } }, /^policy\.switches\.everything/],
    ['a clock that is a Date', { database, clock: new Date() }, /^clock must be an object with now/],
    ['a transport without publish', { database, transport: {} }, /^transport must be an object with publish/],
    ['no transport at all', { database, transport: [] }, /^transport must be an object with publish/],
    [
      'sockets that cannot be started',
      { database, transport: { kind: 'session', publish } },
      /of the kind session with/,
    ],
    ['one wrong transport of two', { database, transport: [{ publish }, {}] }, /or a list of 1 to 16 of them/],
    ['a backplane that says nothing', { database, backplane: {} }, /^backplane must be an object with start, publish/],
    ['an unknown number', { database, realtime: { speed: 1 } }, /^realtime\.speed is not a known field/],
    [
      'a low water above the high one',
      { database, realtime: { lowWaterBytes: 2_000, highWaterBytes: 1_024 } },
      /^realtime\.lowWaterBytes must be less than highWaterBytes/,
    ],
    ['a logger without levels', { database, logger: { info: publish } }, /^logger must be an object with debug, info/],
    [
      'a directory that finds nobody',
      { database, directory: { users: {} } },
      /^directory\.users must be an object with/,
    ],
  ])('%s', async ([, options, message]) => {
    const error = await fails(open(options), 'VALIDATION');
    expect(error.message).toMatch(message);
  });

  plain('each of several, and no value that was given', async () => {
    const error = await fails(open({ database: { url: 'secret' }, schema: 'Secret', migrate: 'secret' }), 'VALIDATION');
    expect(error.details).toMatchObject({
      fields: [{ path: 'database.url' }, { path: 'schema' }, { path: 'migrate' }],
    });
    expect(JSON.stringify(error).toLowerCase()).not.toContain('secret');
  });

  plain.for<[string, object]>([
    ['transport', { transport: { kind: 'push', specVersion: 2, publish } }],
    [
      'transport',
      {
        transport: [
          { kind: 'push', specVersion: 1, publish },
          { kind: 'session', specVersion: 2, start: publish, stop: publish },
        ],
      },
    ],
    ['backplane', { backplane: { specVersion: 2, start: publish, publish, health: publish, stop: publish } }],
    ['notifier', { notifier: { specVersion: 2, notify: publish } }],
    ['directory.users', { directory: { users: { profiles: publish } } }],
    ['directory.groups', { directory: { groups: { specVersion: '1', members: publish } } }],
  ])('a port that speaks another version of its contract: %s', async ([name, ports]) => {
    const { message } = await fails(open({ database, ...ports }), 'NOT_CONFIGURED');
    expect(message).toMatch(new RegExp(`^${name} speaks version (2|undefined|1) of its contract`));
  });
});

describe('a database that cannot be used is named, without its password', () => {
  plain('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const error = await fails(open({ database: { url: `postgres://me:hidden@127.0.0.1:${port}/app` } }), 'UNAVAILABLE');
    expect(error.message).toBe(
      `No database answers at 127.0.0.1:${port}/app; check database.url and that the server is up.`,
    );
    expect(error).toMatchObject({ retryable: true, cause: { code: 'ECONNREFUSED' } });
  });

  plain('whoever listens says nothing', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const url = `postgres://me@127.0.0.1:${typeof address === 'object' ? address?.port : 0}/app`;
    const { message } = await fails(open({ database: { url }, limits: { connectTimeoutMs: 200 } }), 'UNAVAILABLE');
    expect(message).toMatch(/^No database answers at 127/);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('there is no such database, or the password is wrong', async ({ url }) => {
    for (const change of [{ pathname: '/nowhere' }, { password: 'wrong' }]) {
      const wrong = new URL(url);
      Object.assign(wrong, change);
      const { message } = await fails(open({ database: { url: wrong.href } }), 'UNAVAILABLE');
      expect(message).toMatch(
        /^The database refused the login, or there is no such database\. \(127\.0\.0\.1:\d+\/\w+\)$/,
      );
    }
  });
});

describe('the schema', () => {
  plain('is made by default, also by many at once, and in any database', async () => {
    await using empty = await createDatabase();
    const services = await Promise.all(Array.from({ length: 3 }, () => open({ database: { url: empty.url } })));
    for (const service of services) {
      expect(await service.check()).toEqual({ pending: [], unknown: [] });
      expect(await service.migrate()).toEqual([]);
      await service.close();
    }
  });

  plain('is refused when it is old and may not be changed; nothing is written', async () => {
    await using empty = await createDatabase();
    const once = { database: { url: empty.url }, migrate: false };
    const first = await fails(open(once), 'SCHEMA_MISMATCH');
    const names = migrations.map((migration) => migration.name);
    expect(first.details).toEqual({ pending: names });
    expect(await execute(empty.url, `select from pg_namespace where nspname = 'convoke'`)).toEqual([]);

    await execute(empty.url, migrationSql('convoke', names.slice(1)));
    const second = await fails(open(once), 'SCHEMA_MISMATCH');
    expect(second.message).toContain('npx convoke migrate');
    expect(second.details).toEqual({ pending: names.slice(1) });

    await (await open({ ...once, migrate: true })).close();
    await (await open(once)).close();
  });

  plain('is refused when it is newer, whether or not it may be changed', async () => {
    await using newer = await createDatabase('migrated');
    await execute(newer.url, `insert into convoke.convoke_migrations (name) values ('0099-tomorrow')`);
    for (const migrate of [true, false]) {
      const error = await fails(open({ database: { url: newer.url }, migrate }), 'SCHEMA_MISMATCH');
      expect(error.message).toContain('newer version of convoke');
      expect(error.details).toEqual({ unknown: ['0099-tomorrow'] });
    }
  });

  plain('may be made by somebody who owns it, for a service that may only use it', async () => {
    await using owned = await createDatabase();
    const role = `app_${process.pid}`;
    const url = Object.assign(new URL(owned.url), { username: role, password: 'app' }).href;
    await execute(owned.url, `create role ${role} login password 'app'; revoke create on schema public from public`);
    try {
      const { message, cause } = await fails(open({ database: { url } }), 'SCHEMA_MISMATCH');
      expect(message).toContain('npx convoke sql');
      expect(cause).toMatchObject({ code: '42501' });
      await execute(owned.url, migrationSql('convoke'));
      await fails(open({ database: { url } }), 'NOT_CONFIGURED');
      await execute(
        owned.url,
        `grant usage on schema convoke to ${role};
         grant select, insert, update, delete on all tables in schema convoke to ${role}`,
      );
      const service = await open({ database: { url } });
      expect(await service.check()).toEqual({ pending: [], unknown: [] });
      await service.close();
    } finally {
      await execute(owned.url, `drop owned by ${role}; drop role ${role}`);
    }
  });

  test('can be had as SQL, which makes the same', async ({ url }) => {
    const service = await open({ database: { url }, schema: 'convoke' });
    expect(service.migrationSql()).toBe(migrationSql('convoke'));
    await service.close();
  });
});

plain(
  'without the package of the embedded database, whoever asks for that is told to install it',
  { timeout: 60_000 },
  () => {
    const hook = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === '@mikro-orm/pglite')
          throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(specifier, context);
      },
    });`;
    const script = `
    import { MeetingService } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const error = await MeetingService.open({ database: { pglite: 'memory://' } }).catch((error) => error);
    console.log(error.code, error.message, error.cause.code);`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--conditions=@convoke/source',
        `--import=data:text/javascript,${encodeURIComponent(hook)}`,
        ...['--input-type=module', '--eval', script],
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    expect(stderr).toBe('');
    expect(stdout.trim()).toMatch(
      /^NOT_CONFIGURED The embedded database needs the package @mikro-orm\/pglite, in the version of .* ERR_MODULE_NOT_FOUND$/,
    );
  },
);

test('an opening that fails leaves no connection behind', async ({ database: { url } }) => {
  await execute(url, `insert into convoke.convoke_migrations (name) values ('0099-tomorrow')`);
  await fails(open({ database: { url } }), 'SCHEMA_MISMATCH');
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(
    `select from pg_stat_activity where application_name = 'convoke' and datname = current_database()`,
  );
  expect(rows).toEqual([]);
  await client.end();
});
