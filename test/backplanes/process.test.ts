import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { hasNats, startNats } from '../setup/nats.ts';
import { hasRedis, startRedis } from '../setup/redis.ts';

/** Runs a program as a host would, and gives what it says until it is over by itself. */
async function run(program: string): Promise<string> {
  const parameters = ['--conditions=@convoke/source', '--input-type=module', '--eval', program];
  return (await promisify(execFile)(process.execPath, parameters, { timeout: 50_000 })).stdout;
}

/** Starts a backplane, hears itself, and stops it. A timer that is left would be seen: it would run for ten minutes. */
function visit(name: string, options: object): string {
  return `{
    const { ${name}Backplane } = await import('convoke/backplanes/${name}');
    const backplane = ${name}Backplane(${JSON.stringify({ ...options, heartbeatMs: 600_000 })});
    const heard = Promise.withResolvers();
    await backplane.start({ hint: heard.resolve, gap() {} });
    const stream = { kind: 'meeting', id: '01890a5d-ac96-774b-bcce-b302099a8057' };
    backplane.publish([{ kind: 'wake', stream, seq: 3 }]);
    console.log('${name}', (await heard.promise).seq);
    await backplane.stop();
  }`;
}

test('PostgreSQL keeps no process alive after stopping', async () => {
  expect(await run(visit('postgres', { url: inject('pg').adminUrl }))).toBe('postgres 3\n');
}, 60_000);

test.skipIf(!hasRedis || !hasNats)(
  'nor do Redis and NATS; skipped where their servers are not installed',
  async () => {
    const [redis, nats] = await Promise.all([startRedis(), startNats()]);
    const program = [
      visit('redis', { url: `redis://127.0.0.1:${redis.port}` }),
      visit('nats', { servers: `127.0.0.1:${nats.port}` }),
    ];
    expect(await run(program.join('\n'))).toBe('redis 3\nnats 3\n');
    await Promise.all([redis.stop(), nats.stop()]);
  },
  60_000,
);

test('without its package a backplane says at its start what to install', async () => {
  const said = await run(`
    import { registerHooks } from 'node:module';
    const optional = new Set(['ioredis', '@nats-io/transport-node']);
    registerHooks({ resolve: (specifier, context, next) => {
      if (optional.has(specifier)) throw Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(specifier, context);
    } });
    const { redisBackplane } = await import('convoke/backplanes/redis');
    const { natsBackplane } = await import('convoke/backplanes/nats');
    for (const backplane of [redisBackplane({ url: 'redis://127.0.0.1:1' }), natsBackplane({ servers: '127.0.0.1:1' })])
      await backplane.start({ hint() {}, gap() {} }).catch(({ code, message }) => console.log(code, message));
  `);
  expect(said).toMatch(
    /^NOT_CONFIGURED .*npm install ioredis\nNOT_CONFIGURED .*npm install @nats-io\/transport-node\n$/,
  );
}, 60_000);
