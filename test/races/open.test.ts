import { expect, test } from 'vitest';
import { createDatabase } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { openService, people } from '../setup/service.ts';
import { arena, observer, tally } from './arena.ts';

test('services that open at once on an empty database all work on one schema', async () => {
  await using database = await createDatabase();
  const services = await Promise.all(
    Array.from({ length: 5 }, () => openService(database.url, { limits: { poolSize: 3 } })),
  );
  const applied = await execute<{ name: string; n: number }>(
    database.url,
    'select name, count(*)::int as n from convoke.convoke_migrations group by name',
  );
  expect(applied.length).toBeGreaterThan(0);
  expect(applied.filter((migration) => migration.n !== 1)).toEqual([]);

  await using aside = observer(database.url);
  const [first] = services;
  if (first === undefined) throw new Error('no service');
  const { room, facts } = arena(first, aside);
  const { id } = await room({ started: true, settings: { openJoin: true } });
  const joins = services.flatMap((service) => people(2).map((userId) => service.as({ userId }).participants.join(id)));
  expect(await tally(joins)).toEqual({ ok: 10 });
  expect(await facts(id)).toMatchObject({ counter: 11, present: 11, openSessions: 11 });

  await Promise.all(services.map((service) => service.close()));
  await expectIntegrity(database.url);
});
