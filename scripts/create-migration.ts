// npm run migration:create -- name : writes src/database/migrations/NNNN-name.ts with what the entities have and the migrated schema
// lacks, found on a throw-away PostgreSQL. A draft: read it, add the constraints that only the database keeps, list it
// in src/database/migrations/index.ts.
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MikroORM } from '@mikro-orm/postgresql';
import { migrate } from '../src/database/migrate.ts';
import { migrations } from '../src/database/migrations/index.ts';
import { meetingEntities } from '../src/entities.ts';
import { startServer } from '../test/setup/server.ts';

const schema = 'convoke';

const [title = ''] = process.argv.slice(2);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(title)) throw new Error('usage: npm run migration:create -- some-name');

const { up, down, leftOut } = await difference();
if (leftOut.length > 0) console.log(`Left out, because migrations only add:\n  ${leftOut.join('\n  ')}`);
if (up.length === 0) {
  console.log('The migrated schema has all that the entities have.');
} else {
  const number = String(migrations.length + 1).padStart(4, '0');
  const file = `src/database/migrations/${number}-${title}.ts`;
  const path = resolve(import.meta.dirname, '..', file);
  if (existsSync(path)) throw new Error(`${file} exists already; list it in src/database/migrations/index.ts`);
  writeFileSync(path, source(title, up, down));
  console.log(`${file}\n  ${up.join('\n  ')}\nList it in src/database/migrations/index.ts.`);
}

async function difference(): Promise<{ up: string[]; down: string[]; leftOut: string[] }> {
  const server = await startServer();
  const orm = await MikroORM.init({ clientUrl: server.url, entities: [...meetingEntities], schema });
  try {
    await migrate(orm, schema);
    const sql = await orm.schema.getUpdateSchemaMigrationSQL({ schema, dropTables: false, safe: false });
    const all = statements(sql.up);
    const added = all.filter((statement) => !isLoss(statement));
    // The way back as found also resets types to what the ORM believes they were: only what was added has to go.
    const own = new Set(added.flatMap(names));
    const undone = statements(sql.down).filter(
      (statement) => isLoss(statement) && names(statement).every((each) => own.has(each)),
    );
    return { up: added, down: undone, leftOut: all.filter(isLoss) };
  } finally {
    await orm.close(true);
    await server.stop();
  }
}

/** One statement a line, without the schema: whoever runs a migration has set `search_path`. */
function statements(sql: string): string[] {
  return sql
    .replaceAll(`"${schema}".`, '')
    .replaceAll('"*".', '') // its word for whichever schema the connection has
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !/^(set|create schema|drop schema)\b/i.test(statement));
}

function isLoss(statement: string): boolean {
  return /\bdrop (constraint|column|index|table|type|default|not null)\b/i.test(statement);
}

function names(statement: string): string[] {
  return [...statement.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? '');
}

function source(name: string, ups: readonly string[], downs: readonly string[]): string {
  const constant = name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return `export const ${constant} = {\n  up: [\n${literals(ups)}\n  ],\n  down: [\n${literals(downs)}\n  ],\n};\n`;
}

function literals(texts: readonly string[]): string {
  return texts.map((text) => `    \`${text.replaceAll(/[\\`]|\$\{/g, '\\$&')}\`,`).join('\n');
}
