/** Presence that hangs by a connection: what becomes of it when the connection goes, and when it comes back. */
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { hold, waiting } from '../races/arena.ts';
import { eventually } from './nodes.ts';
import { guest, joined, left, test } from './presence-stage.ts';
import { comings, nodeOf } from './processes.ts';

const never = 60_000;

test('a service that nobody connects to writes nothing, and a watcher brings one row for all', async ({ stage }) => {
  const process = await stage.process();
  await process.as(newId()).participants.join(stage.id, { connectionId: 'phone' });
  await process.connections.close();
  expect(await stage.nodes()).toEqual([]);

  const other = await stage.process();
  for (let n = 0; n < 20; n++) other.connections.opened(newId(), newId());
  const id = await nodeOf(other);
  expect(await stage.nodes()).toEqual([id]);
  expect(other.connections.health()).toEqual({ open: 20, leaving: 0, nodeId: id });
  await other.close();
  expect(await stage.nodes()).toEqual([]);
});

test('a session names the node that carries it, and nobody else’s does', async ({ stage }) => {
  const process = await stage.process({ beatMs: never });
  const bob = await stage.comes(process);
  const unnamed = newId();
  await process.as(unnamed).participants.join(stage.id);
  const elsewhere = newId();
  await process.as(elsewhere).participants.join(stage.id, { connectionId: newId() });
  const node = await nodeOf(process);
  expect(await stage.sessions(bob)).toMatchObject([{ nodeId: node, leftAt: null }]);
  for (const userId of [unnamed, elsewhere])
    expect(await stage.sessions({ userId, connectionId: '' })).toMatchObject([{ nodeId: null, leftAt: null }]);
});

test('whoever does not come back within the grace has left, once', async ({ stage, arena }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const eve = await stage.comes(process);
  expect((await arena.facts(stage.id)).counter).toBe(3);
  bob.close();
  bob.close();
  expect(process.connections.health()).toMatchObject({ open: 1, leaving: 1 });
  await stage.gone(bob);
  expect(await stage.told(bob)).toEqual([joined, left]);
  expect(await stage.sessions(bob)).toMatchObject([{ reason: 'left' }]);
  expect(await arena.facts(stage.id)).toMatchObject({ counter: 2, present: 2, inSession: 2 });
  expect(await stage.told(eve)).toEqual([joined]);
  expect(process.connections.health()).toMatchObject({ open: 1, leaving: 0 });
  expect(process.events.find(({ type }) => type === 'participant.left')?.actorId).toBe(bob.userId);
});

test('whoever comes back within the grace neither left nor joined', async ({ stage }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const witness = await stage.comes(process);
  bob.close();
  witness.close();
  await stage.comes(process, bob);
  await stage.gone(witness);
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.sessions(bob)).toMatchObject([{ leftAt: null }]);
});

test('nor did whoever comes back to another process', async ({ stage }) => {
  const [here, there] = [await stage.process({ leaveGraceMs: 2_000 }), await stage.process()];
  const bob = await stage.comes(here);
  const witness = await stage.comes(here);
  bob.close();
  witness.close();
  there.connections.opened(bob.connectionId, bob.userId);
  await stage.gone(witness);
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.sessions(bob)).toMatchObject([{ nodeId: await nodeOf(there), leftAt: null }]);
});

test('a process that learns late that a connection is dead lets nobody leave who is back elsewhere', async ({
  stage,
}) => {
  const [here, there] = [await stage.process(), await stage.process()];
  const bob = await stage.comes(here);
  const witness = await stage.comes(here);
  there.connections.opened(bob.connectionId, bob.userId);
  const node = await nodeOf(there);
  await eventually(async () => expect(await stage.sessions(bob)).toMatchObject([{ nodeId: node }]));
  bob.close();
  witness.close();
  await stage.gone(witness);
  expect(await stage.told(bob)).toEqual([joined]);
});

test('a client whose old socket dies after its new one has opened stays', async ({ stage }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const witness = await stage.comes(process);
  await stage.comes(process, bob);
  bob.close();
  witness.close();
  await stage.gone(witness);
  expect(await stage.told(bob)).toEqual([joined]);
});

test('a client who comes back while their leaving waits for the meeting stays', async ({ stage, arena, url }) => {
  const [here, there] = [await stage.process({ beatMs: never }), await stage.process({ beatMs: never })];
  const [bob, witness] = [await stage.comes(here), await stage.comes(here)];
  const release = await hold(url, 'select from convoke.meetings where id = $1 for update', [stage.id]);
  bob.close();
  witness.close();
  await waiting(arena, 1);
  there.connections.opened(bob.connectionId, bob.userId);
  const node = await nodeOf(there);
  await eventually(async () => expect(await stage.sessions(bob)).toMatchObject([{ nodeId: node }]));
  await release();
  await stage.gone(witness);
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.sessions(bob)).toMatchObject([{ leftAt: null }]);
});

test('of two tabs each ends its own session, and the person leaves with the last', async ({ stage, arena }) => {
  const process = await stage.process();
  const tab = await stage.comes(process);
  const other = await stage.comes(process, { userId: tab.userId, connectionId: newId() });
  tab.close();
  await eventually(async () => expect((await stage.sessions(tab)).filter(({ leftAt }) => leftAt)).toHaveLength(1));
  expect(await stage.told(tab)).toEqual([joined]);
  expect(await arena.facts(stage.id)).toMatchObject({ counter: 2, openSessions: 2 });
  other.close();
  await stage.gone(other);
  expect(await stage.told(tab)).toEqual([joined, left]);
  expect((await arena.facts(stage.id)).counter).toBe(1);
});

test('leaving is leaving at once, and the end of the connection adds nothing to it', async ({ stage }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const witness = await stage.comes(process);
  await process.as(bob.userId).participants.leave(stage.id, { connectionId: bob.connectionId });
  expect(await stage.told(bob)).toEqual([joined, left]);
  bob.close();
  witness.close();
  await stage.gone(witness);
  expect(await stage.told(bob)).toEqual([joined, left]);
});

test('a connection that another person gives the same name is another connection', async ({ stage }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const eve = await stage.comes(process, { userId: newId(), connectionId: bob.connectionId });
  bob.close();
  await stage.gone(bob);
  expect(await stage.told(eve)).toEqual([joined]);
  expect(await stage.sessions(eve)).toMatchObject([{ leftAt: null }]);
});

test('a connection leaves every meeting that it carries', async ({ stage, arena }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const { id } = await arena.room({ started: true, settings: { openJoin: true } });
  await process.as(bob.userId).participants.join(id, { connectionId: bob.connectionId });
  bob.close();
  await stage.gone(bob);
  await eventually(async () => expect(await comings(arena, id, bob.userId)).toEqual([joined, left]));
});

test('who joined through another process is found by asking', async ({ stage }) => {
  const [here, there] = [await stage.process(), await stage.process()];
  const bob = guest();
  here.connections.opened(bob.connectionId, bob.userId);
  const node = await nodeOf(here);
  await there.as(bob.userId).participants.join(stage.id, { connectionId: bob.connectionId });
  await eventually(async () => expect(await stage.sessions(bob)).toMatchObject([{ nodeId: node }]));
});

test('a join that ends after its connection is long gone is followed by leaving', async ({ stage }) => {
  const process = await stage.process({ leaveGraceMs: 0 });
  const bob = guest();
  const open = process.connections.opened(bob.connectionId, bob.userId);
  open.closed();
  await eventually(() => expect(process.connections.health()).toMatchObject({ open: 0, leaving: 0 }));
  await process.as(bob.userId).participants.join(stage.id, { connectionId: bob.connectionId });
  await open.joined();
  expect(await stage.told(bob)).toEqual([joined, left]);
});

test('a hall that empties at once leaves in a few transactions, each person once', async ({ stage, arena }) => {
  const process = await stage.process();
  const hall = await Promise.all(Array.from({ length: 40 }, () => stage.comes(process)));
  for (const one of hall) one.close();
  await eventually(async () => expect(await arena.facts(stage.id)).toMatchObject({ counter: 1, openSessions: 1 }));
  for (const one of hall) expect(await stage.told(one)).toEqual([joined, left]);
});

test('leaving that the database would not hear of is made up for', async ({ stage }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  const mend = process.cut();
  bob.close();
  const failed = 'closed connections could not leave';
  await eventually(() => expect(process.logger.lines.map(({ message }) => message)).toContain(failed));
  expect(await stage.told(bob)).toEqual([joined]);
  mend();
  await stage.gone(bob);
  expect(await stage.told(bob)).toEqual([joined, left]);
});
