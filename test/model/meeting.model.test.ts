/**
 * Random lives of meetings, put to the service and to a model of twenty rules. A failure prints its seed and path:
 * `CONVOKE_MODEL_SEED=… npx vitest run test/model` plays it again. `CONVOKE_MODEL_RUNS` asks for more runs than CI has time for.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { tablesOf } from '../../src/core/statement.ts';
import { checkIntegrity } from '../../src/integrity/integrity.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { type Observer, observer } from '../races/arena.ts';
import { test as base } from '../setup/db.ts';
import { tries } from '../setup/effort.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { openService, people, secrets } from '../setup/service.ts';
import { askingDeeds, crowd, type Deed, deeds, gathering, livelyDeeds, soon, type Stage } from './commands.ts';
import { MeetingModel } from './meeting-model.ts';
import type { Ending } from './place.ts';
import { countsOf, pollsOf } from './poll-model.ts';
import { foundPolls, writePoll } from './stored-polls.ts';

const numRuns = Number(process.env['CONVOKE_MODEL_RUNS'] ?? tries(60));
/** One seed for everybody, so that a change is judged by the same lives as the one before it; other lives by another seed. */
const seed = Number(process.env['CONVOKE_MODEL_SEED'] ?? 20260302);
const parameters = { numRuns, seed };
/** All invariants every so many deeds: they look at every meeting there is. */
const checkEvery = 20;
const timeout = 60_000 + numRuns * 3_000;

interface World {
  readonly service: MeetingService;
  readonly aside: Observer;
}

const test = base.extend<{ world: World }>({
  world: [
    async ({ url }, use) => {
      await using aside = observer(url);
      const service = await openService(url, { limits: { poolSize: 10 }, secrets });
      await use({ service, aside });
      await service.close();
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
});

const openings = fc.record({
  openJoin: fc.boolean(),
  seats: fc.option(fc.integer({ min: 1, max: 4 })),
  limit: fc.option(fc.integer({ min: 1, max: 4 })),
});
type Opening = typeof openings extends fc.Arbitrary<infer Value> ? Value : never;

/** Others' meetings are among them, and a sweep does so many at a time. */
async function expire({ service }: World): Promise<void> {
  const job = 'invitations.expire';
  for (let lapsed = 1; lapsed > 0;) {
    const { done, failed } = await service.worker.runOnce(job);
    expect(failed).toEqual([]);
    lapsed = done[job] ?? 0;
  }
}

/** Behind the lock that every change of a meeting takes first, as nobody would be able to wait for an hour. */
const timeIsUp = `
  with lock as (select id from convoke.meetings where id = $1 for update)
  update convoke.meeting_invitations i set expires_at = date_trunc('milliseconds', clock_timestamp())
  from lock where i.meeting_id = lock.id and i.expires_at > clock_timestamp()`;

async function stageFor(world: World, { openJoin, seats, limit }: Opening): Promise<Stage> {
  const { service, aside } = world;
  const cast = people(crowd);
  const as = (person: number) => service.as({ userId: cast[person] ?? '' });
  const { id } = await as(0).meetings.schedule({
    ...{ title: 'Model', meetingType: 'Workshop', maxParticipants: seats, ...soon() },
    settings: { openJoin, ...(limit === null ? {} : { limitAcceptances: limit }) },
  });
  const polls: string[] = [];
  return {
    ...{ id, people: cast, as, polls },
    writePoll: async () => polls.push(...(await writePoll(aside, id))),
    sweep: () => service.worker.runOnce('waitlist.repair'),
    expire: () => expire(world),
    timeIsUp: () => aside.sql(timeIsUp, [id]),
  };
}

async function endingOf(call: Promise<unknown>): Promise<Ending> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (isMeetingError(error)) return error.code;
    throw error;
  }
}

interface PlaceRow {
  readonly person: string;
  readonly role: string;
  readonly status: string;
  readonly removed: boolean;
  readonly invitation: string | null;
  readonly answered: boolean;
  readonly devices: string[];
  /** What they have on, in the order of the alphabet. */
  readonly on: string[];
}

const places = `
  select p.auth_user_id as person, p.role, p.status, p.removed_at is not null as removed,
    (select i.status from convoke.meeting_invitations i
      where i.meeting_id = p.meeting_id and i.invitee_id = p.auth_user_id) as invitation,
    exists (select from convoke.meeting_invitations i where i.meeting_id = p.meeting_id
      and i.invitee_id = p.auth_user_id and i.responded_at is not null) as answered,
    array(select s.connection_id::text from convoke.meeting_participant_sessions s
      where s.meeting_id = p.meeting_id and s.auth_user_id = p.auth_user_id and s.left_at is null order by 1) as devices,
    array(select i.kind from convoke.meeting_media_intervals i
      where i.meeting_id = p.meeting_id and i.auth_user_id = p.auth_user_id and i.ended_at is null order by 1) as "on"
  from convoke.meeting_participants p where p.meeting_id = $1 order by p.auth_user_id`;

/** The meeting as it is stored, in the words of the model. */
async function found({ aside: { sql } }: World, { id, people: cast }: Stage) {
  const [meeting] = await sql<{ status: string; counter: number; line: string[] }>(
    `select status, current_participants_count as counter,
       array(select auth_user_id::text from convoke.meeting_waitlist_entries w
         where w.meeting_id = m.id and promoted_at is null and left_at is null order by entered_at, id) as line
     from convoke.meetings m where id = $1`,
    [id],
  );
  const rows = await sql<PlaceRow>(places, [id]);
  return {
    status: meeting?.status,
    counter: meeting?.counter,
    line: meeting?.line.map((person) => cast.indexOf(person)),
    places: rows
      .map(({ person, ...place }) => [cast.indexOf(person), place] as const)
      .toSorted(([one], [other]) => one - other),
  };
}

function expected(model: MeetingModel): Awaited<ReturnType<typeof found>> {
  return {
    status: model.status,
    counter: model.present,
    line: model.line,
    places: [...model.places]
      .map(([person, { role, status, removed, invitation, answered, devices, on }]) => {
        const open = { devices: [...devices].toSorted(), on: [...on].toSorted() };
        return [person, { role, status, removed, invitation, answered, ...open }] as const;
      })
      .toSorted(([one], [other]) => one - other),
  };
}

/** Broken rows of lives that have failed already. */
const known = new Set<string>();

async function brokenRows({ aside: { sql } }: World) {
  const tables = tablesOf('convoke');
  const run: Parameters<typeof checkIntegrity>[0] = (of, given) => sql(of.render(tables), [...given]);
  const { violations } = await checkIntegrity(run, 'convoke');
  return violations.filter(({ invariant, id }) => !known.has(`${invariant} ${id}`));
}

async function expectSound(world: World): Promise<void> {
  expect(await brokenRows(world)).toEqual([]);
}

/** What a life that fails leaves behind must not make the shorter ones look as if they failed, too. */
async function live(world: World, life: () => Promise<void>): Promise<void> {
  try {
    await life();
    await expectSound(world);
  } catch (error) {
    for (const { invariant, id } of await brokenRows(world)) known.add(`${invariant} ${id}`);
    throw error;
  }
}

/** One deed in the life of a meeting, done to both. */
class Step implements fc.AsyncCommand<MeetingModel, { world: World; stage: Stage; steps: number }> {
  readonly #deed: Deed;

  constructor(deed: Deed) {
    this.#deed = deed;
  }

  check(): boolean {
    return true;
  }

  async run(model: MeetingModel, real: { world: World; stage: Stage; steps: number }): Promise<void> {
    const foretold = this.#deed.model(model);
    expect(`${this.#deed.name}: ${await endingOf(this.#deed.real(real.stage))}`).toBe(
      `${this.#deed.name}: ${foretold}`,
    );
    expect(await found(real.world, real.stage)).toEqual(expected(model));
    expect(await foundPolls(real.world.aside, real.stage)).toEqual(pollsOf(model).summary);
    if (++real.steps % checkEvery === 0) await expectSound(real.world);
  }

  toString(): string {
    return this.#deed.name;
  }
}

test(
  'whatever happens to a meeting one thing after another, it is as the rules say',
  async ({ world }) => {
    const lives = fc.commands([deeds.map((deed) => new Step(deed))], { maxCommands: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(openings, lives, async (opening, life) => {
        const setup = async () => ({
          model: new MeetingModel({ host: 0, ...opening }),
          real: { world, stage: await stageFor(world, opening), steps: 0 },
        });
        await live(world, () => fc.asyncModelRun(setup, life));
      }),
      parameters,
    );
  },
  timeout,
);

test(
  'whatever is asked, answered and closed in a meeting, before it begins, while it runs and after it, is as the rules say',
  async ({ world }) => {
    const lives = fc.commands([askingDeeds.map((deed) => new Step(deed))], { maxCommands: 40, size: 'max' });
    const opening = { openJoin: true, seats: null, limit: null };
    const running = fc.oneof({ weight: 1, arbitrary: fc.constant(false) }, { weight: 3, arbitrary: fc.constant(true) });
    await fc.assert(
      fc.asyncProperty(running, lives, async (isRunning, life) => {
        const model = new MeetingModel({ host: 0, ...opening });
        const real = { world, stage: await stageFor(world, opening), steps: 0 };
        await live(world, async () => {
          for (const deed of isRunning ? gathering : []) await new Step(deed).run(model, real);
          await fc.asyncModelRun(async () => ({ model, real }), life);
        });
      }),
      parameters,
    );
  },
  timeout,
);

const refusals: readonly Ending[] = [
  ...(['ok', 'NOT_FOUND', 'FORBIDDEN', 'INVALID_TRANSITION', 'CAPACITY', 'CONFLICT', 'EXPIRED'] as const),
  ...(['POLL_CLOSED', 'ALREADY_VOTED', 'VALIDATION'] as const),
];

test(
  'whatever happens to a meeting at once, its rows agree with each other afterwards',
  async ({ world }) => {
    const batches = fc.array(
      fc.array(fc.oneof({ weight: 12, arbitrary: livelyDeeds }, { weight: 1, arbitrary: deeds }), {
        minLength: 2,
        maxLength: 8,
      }),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    await fc.assert(
      fc.asyncProperty(openings, batches, async (opening, storm) => {
        const stage = await stageFor(world, opening);
        await stage.as(0).invitations.invite(stage.id, { inviteeIds: stage.people.slice(1, 4) });
        await stage.as(0).meetings.start(stage.id);
        await stage.as(0).participants.join(stage.id, { connectionId: 'phone' });
        for (const batch of storm) {
          const endings = await Promise.all(batch.map((deed) => endingOf(deed.real(stage))));
          expect(endings.filter((ending) => !refusals.includes(ending))).toEqual([]);
          const { places: rows, counter } = await found(world, stage);
          const present = rows.filter(([, { devices }]) => devices.length > 0);
          expect(counter).toBe(present.length);
          const hosts = rows.filter(([, { role }]) => role === 'Host');
          expect(hosts.map(([, { status }]) => /^(Accepted|Attended|NoShow)$/.test(status))).toEqual([true]);
          expect(rows.filter(([, { on, devices }]) => on.length > 0 && devices.length === 0)).toEqual([]);
          expect(rows.filter(([, { on }]) => on.includes('speaking') && !on.includes('microphone'))).toEqual([]);
          expect(rows.filter(([, { on }]) => on.includes('screen')).length).toBeLessThan(2);
          const closed = (await foundPolls(world.aside, stage)).filter(({ totals }) => totals !== null);
          for (const { totals, chosen } of closed)
            expect(totals).toEqual({ votes: chosen.length, counts: countsOf(chosen) });
          await stage.sweep();
          expect((await found(world, stage)).places).toEqual(rows);
        }
        await expectSound(world);
      }),
      parameters,
    );
  },
  timeout,
);
