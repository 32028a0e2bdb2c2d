import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { enter, type FoundActor, look, standingOf } from '../../src/core/access.ts';
import type { Call } from '../../src/core/call.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { test as base } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService } from '../setup/service.ts';
import { callOf, openUnit, personOf, type Unit } from './unit.ts';

const switches = { openJoin: true } as const;

const test = base.extend<{ unit: Unit; service: MeetingService }>({
  unit: [
    async ({ url }, use) => {
      await using unit = await openUnit(url);
      await use(unit);
    },
    { scope: 'file' },
  ],
  service: [
    async ({ url }, use) => {
      await using service = await openService(url);
      await use(service);
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
});

async function schedule(service: MeetingService, guests: readonly string[] = []) {
  const host = newId();
  const { id } = await service.as({ userId: host }).meetings.schedule({
    title: 'Access',
    meetingType: 'Lecture',
    scheduledStartTime: new Date(Date.now() + 60_000),
    scheduledEndTime: new Date(Date.now() + 3_660_000),
    classId: newId(),
    settings: { participantsMayInvite: true },
  });
  if (guests.length > 0) await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [...guests] });
  return { id, host };
}

const as = (userId: string): Call => callOf({ principal: personOf(userId) });
const locked = (unit: Unit, call: Call, id: string) =>
  unit.unitOfWork.run(call, (work) => enter(work, id, 'update', switches));
const seen = (unit: Unit, call: Call, id: string) => unit.unitOfWork.read(call, (work) => look(work, id, switches));

test.for([
  ['with the lock', locked],
  ['without it', seen],
] as const)('%s, everybody stands where their row puts them', async ([, ask], { unit, service }) => {
  const [guest, removed, stranger] = [newId(), newId(), newId()];
  const { id, host } = await schedule(service, [guest, removed]);
  await service.as({ userId: host }).participants.remove(id, removed);

  const asHost = await ask(unit, as(host), id);
  expect(asHost.meeting).toMatchObject({ id, status: 'Scheduled', creatorId: host, partyId: null });
  expect(asHost.actor).toEqual({ role: 'Host', status: 'Accepted', removed: false, present: false });
  expect(asHost.standing).toEqual({
    ...{ role: 'Host', status: 'Scheduled', settings: { participantsMayInvite: true }, serviceSwitches: switches },
    flags: { canUseChat: true, canShareScreen: true },
  });
  expect((await ask(unit, as(guest), id)).standing.role).toBe('Participant');
  expect((await ask(unit, callOf(), id)).standing.role).toBe('System');

  const asRemoved = await ask(unit, as(removed), id);
  expect([asRemoved.standing.role, asRemoved.actor?.removed]).toEqual(['Outsider', true]);
  const asStranger = await ask(unit, as(stranger), id);
  expect([asStranger.standing.role, asStranger.actor]).toEqual(['Outsider', null]);
  expect(asStranger.standing.flags).toEqual({ canUseChat: false, canShareScreen: false });
});

test.for([
  ['with the lock', locked],
  ['without it', seen],
] as const)(
  '%s, no meeting and the hidden template of a series are equally not there',
  async ([, ask], { unit, service, url }) => {
    const { id, host } = await schedule(service);
    const missing = await fails(ask(unit, as(host), newId()), 'NOT_FOUND');
    const [series] = await execute<{ id: string }>(
      url,
      `insert into convoke.recurring_meeting_series (series_name, template_meeting_id, creator_id, recurrence_pattern, series_start_date)
     values ('Weekly', '${id}', '${host}', '{}', '2026-03-02') returning id`,
    );
    await execute(
      url,
      `update convoke.meetings set series_id = '${series?.id}', is_recurring = true,
       recurrence_pattern = '{"frequency": "weekly"}' where id = '${id}'`,
    );
    const hidden = await fails(ask(unit, as(host), id), 'NOT_FOUND');
    expect(hidden.toJSON()).toEqual(missing.toJSON());
  },
);

test('the time is read after the lock: it is never before what the former holder wrote', async ({ unit, service }) => {
  const { id, host } = await schedule(service);
  let release = 0;
  const holding = unit.unitOfWork.run(as(host), async (work) => {
    await enter(work, id, 'update', switches);
    await wait(100);
    release = (await work.now()).getTime();
  });
  await wait(30);
  const waited = await locked(unit, as(host), id);
  await holding;
  expect(waited.now.getTime()).toBeGreaterThanOrEqual(release);
});

test('who waited for the lock sees what the former holder made of their role', async ({ unit, service }) => {
  const guest = newId();
  const { id, host } = await schedule(service, [guest]);
  const holding = unit.unitOfWork.run(as(host), async (work) => {
    await enter(work, id, 'update', switches);
    await wait(50);
    await work.em
      .getConnection()
      .execute(
        `update convoke.meeting_participants set role = 'CoHost' where auth_user_id = '${guest}'`,
        [],
        'run',
        work.em.getTransactionContext(),
      );
  });
  await wait(20);
  expect((await locked(unit, as(guest), id)).standing.role).toBe('CoHost');
  await holding;
});

test.for([
  ['share', 'share', true],
  ['share', 'update', false],
  ['update', 'share', false],
  ['update', 'update', false],
] as const)('a %s lock beside a %s lock: %s', async ([held, asked, together], { unit, service }) => {
  const { id, host } = await schedule(service);
  const order: string[] = [];
  const [entered, granted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = unit.unitOfWork.run(as(host), async (work) => {
    await enter(work, id, held, switches);
    entered.resolve();
    await Promise.race([granted.promise, wait(together ? 4_000 : 60)]);
    order.push('held');
  });
  await entered.promise;
  await unit.unitOfWork.run(as(host), (work) => enter(work, id, asked, switches));
  order.push('asked');
  granted.resolve();
  await holding;
  expect(order).toEqual(together ? ['asked', 'held'] : ['held', 'asked']);
});

test('looking waits for no lock', async ({ unit, service }) => {
  const { id, host } = await schedule(service);
  await unit.unitOfWork.run(as(host), async (work) => {
    await enter(work, id, 'update', switches);
    expect((await seen(unit, as(host), id)).standing.role).toBe('Host');
  });
});

test('what a hot statement found amounts to the same standing', async ({ unit }) => {
  const found: FoundActor = { meeting_status: 'InProgress', actor_role: 'Presenter', removed: false, settings: null };
  const standing = (change: Partial<FoundActor>, call = as(newId())) =>
    unit.unitOfWork.read(call, async (work) => standingOf(work, { ...found, ...change }, switches));
  expect(await standing({})).toEqual({
    ...{ role: 'Presenter', status: 'InProgress', settings: {}, serviceSwitches: switches },
  });
  expect((await standing({ removed: true })).role).toBe('Outsider');
  expect((await standing({ actor_role: null, removed: null })).role).toBe('Outsider');
  expect((await standing({ actor_role: null, removed: null }, callOf())).role).toBe('System');
  await fails(standing({ meeting_status: null }), 'NOT_FOUND');
});
