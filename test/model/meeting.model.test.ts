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
import { expectIntegrity } from '../setup/integrity.ts';
import { openService, people } from '../setup/service.ts';
import { crowd, type Deed, deeds, livelyDeeds, soon, type Stage } from './commands.ts';
import { type Ending, MeetingModel } from './meeting-model.ts';

const numRuns = Number(process.env['CONVOKE_MODEL_RUNS'] ?? 30);
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
      const service = await openService(url, { limits: { poolSize: 10 } });
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

async function stageFor({ service }: World, { openJoin, seats, limit }: Opening): Promise<Stage> {
  const cast = people(crowd);
  const as = (person: number) => service.as({ userId: cast[person] ?? '' });
  const { id } = await as(0).meetings.schedule({
    ...{ title: 'Model', meetingType: 'Workshop', maxParticipants: seats, ...soon() },
    settings: { openJoin, ...(limit === null ? {} : { limitAcceptances: limit }) },
  });
  return { id, people: cast, as, sweep: () => service.worker.runOnce('waitlist.repair') };
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
  readonly devices: string[];
  readonly hand: boolean;
}

const places = `
  select p.auth_user_id as person, p.role, p.status, p.removed_at is not null as removed,
    (select i.status from convoke.meeting_invitations i
      where i.meeting_id = p.meeting_id and i.invitee_id = p.auth_user_id) as invitation,
    array(select s.connection_id::text from convoke.meeting_participant_sessions s
      where s.meeting_id = p.meeting_id and s.auth_user_id = p.auth_user_id and s.left_at is null order by 1) as devices,
    exists (select from convoke.meeting_media_intervals h
      where h.meeting_id = p.meeting_id and h.auth_user_id = p.auth_user_id and h.ended_at is null) as hand
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
      .map(([person, { role, status, removed, invitation, devices, hand }]) => {
        const place = { role, status, removed, invitation, devices: [...devices].toSorted(), hand };
        return [person, place] as const;
      })
      .toSorted(([one], [other]) => one - other),
  };
}

async function expectSound({ aside: { sql } }: World): Promise<void> {
  const tables = tablesOf('convoke');
  const run: Parameters<typeof checkIntegrity>[0] = (of, given) => sql(of.render(tables), [...given]);
  expect((await checkIntegrity(run, 'convoke')).violations).toEqual([]);
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
        await fc.asyncModelRun(setup, life);
        await expectSound(world);
      }),
      parameters,
    );
  },
  timeout,
);

const refusals: readonly Ending[] = [
  ...(['ok', 'NOT_FOUND', 'FORBIDDEN', 'INVALID_TRANSITION', 'CAPACITY', 'CONFLICT', 'EXPIRED'] as const),
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
          expect(rows.filter(([, { role }]) => role === 'Host')).toHaveLength(1);
          expect(rows.filter(([, { hand, devices }]) => hand && devices.length === 0)).toEqual([]);
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
