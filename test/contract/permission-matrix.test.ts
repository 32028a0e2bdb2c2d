/**
 * Every method that exists, asked by every actor in every state of a meeting, on a real database: the answer is what the agreed
 * matrix says, and a refused call leaves every table and every listener untouched.
 */
import { Client } from 'pg';
import { expect } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { methods, systemMethods } from '../../src/core/permission-methods.ts';
import { expectedCode, type World } from '../core/matrix-reading.ts';
import { matrix, type FixtureActor } from '../core/permissions-fixture.ts';
import { minutes, people, test } from '../setup/service.ts';
import { type Question, questions, type Stage } from './questions.ts';
import { buildStages } from './stages.ts';

const lists = ['meetings.list']; // filters rows instead of refusing

test('every public method that exists is asked, as the operation that governs it', ({ service }) => {
  const rooms = service.as({ userId: people(1)[0]! });
  const named = {
    meetings: rooms.meetings,
    participants: rooms.participants,
    invitations: rooms.invitations,
    chat: rooms.chat,
    polls: rooms.polls,
    screenShare: rooms.screenShare,
    engagement: rooms.engagement,
  };
  const existing = Object.entries(named).flatMap(([room, made]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(made))
      .filter((name) => name !== 'constructor')
      .map((name) => `${room}.${name}`),
  );
  const asked = new Set(questions.map((question) => question.method));
  expect(existing.filter((name) => !asked.has(name) && !lists.includes(name))).toEqual([]);
  const governed: Record<string, string> = { ...methods, ...systemMethods };
  expect(existing.filter((name) => !(name in governed))).toEqual([]);
});

test(
  'what the matrix refuses is refused with its code and changes nothing; what it allows goes ahead',
  { timeout: 240_000 },
  async ({ service, clock, url, events }) => {
    const stages = await buildStages(service, clock, url);
    clock.advance(5 * minutes);
    const client = new Client({ connectionString: url });
    await client.connect();
    const wrong: string[] = [];
    let cells = 0;
    try {
      const before = await checksum(client);
      events.length = 0;
      for (const question of questions)
        for (const stage of stages)
          for (const actor of matrix.actors) {
            cells++;
            const expected = expectedOf(question, actor, stage);
            const met = await meet(
              client,
              () => {
                const options = { client };
                const rooms =
                  actor === 'System' ? service.asSystem(options) : service.as({ userId: stage.people[actor] }, options);
                return question.ask(rooms, stage);
              },
              expected !== null,
            );
            const allowed = expected === null ? ['ok', ...(question.business?.(actor, stage) ?? [])] : [expected];
            if (!allowed.includes(met))
              wrong.push(
                `${question.method} (${question.op}) by ${actor} when ${stage.status}: ${met}, not ${allowed.join(' or ')}`,
              );
          }
      expect(wrong).toEqual([]);
      expect(await checksum(client)).toBe(before);
      expect(events).toEqual([]);
      expect(cells).toBe(questions.length * 7 * 5);
    } finally {
      await client.end();
    }
  },
);

function expectedOf(question: Question, actor: FixtureActor, stage: Stage): string | null {
  const row = matrix.rows.find(({ op }) => op === question.op);
  if (row === undefined) throw new Error(`no row for ${question.op}`);
  if (question.hidden?.(actor, stage) === true) return 'NOT_FOUND';
  const world: World = {
    ...{ actor, status: row.states.length > 0 ? stage.status : null, own: true, isPublic: false, flag: true },
    ...{ setting: null, target: 'Observer', failing: [] },
    ...question.world?.(actor, stage),
  };
  return expectedCode(row, world);
}

/** Asks inside a transaction that is rolled back, so that every cell finds the same stage. A refusal is also seen to write nothing. */
async function meet(client: Client, ask: () => Promise<unknown>, refused: boolean): Promise<string> {
  await client.query('begin');
  try {
    const before = refused ? await written(client) : '';
    const met = await ask().then(
      () => 'ok',
      (error: unknown) => {
        if (!isMeetingError(error)) throw error;
        return error.code;
      },
    );
    return refused && (await written(client)) !== before ? `${met}, but it wrote` : met;
  } finally {
    await client.query('rollback');
  }
}

/** Rows this transaction has written, by table. */
async function written(client: Client): Promise<string> {
  const { rows } = await client.query(
    `select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_xact_user_tables where schemaname = 'convoke' order by relname`,
  );
  return JSON.stringify(rows);
}

async function checksum(client: Client): Promise<string> {
  const tables = await client.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname = 'convoke' order by 1`,
  );
  const sums = tables.rows.map(
    ({ name }) => `select md5(coalesce(string_agg(r::text, '' order by r::text), '')) as sum from ${name} r`,
  );
  const { rows } = await client.query<{ sums: string }>(
    `select string_agg(sum, '') as sums from (${sums.join(' union all ')}) s`,
  );
  return rows[0]?.sums ?? '';
}
