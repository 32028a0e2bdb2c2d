/** Commands over a connection: which there are, in which order they are done, and what they are answered. */
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { methods } from '../../src/core/permission-methods.ts';
import { commands } from '../../src/realtime/commands.ts';
import type { ClientMessage } from '../../src/realtime/frame.ts';
import { fails } from '../setup/service.ts';
import { bareSessions, Line, test } from './line.ts';
import { eventually } from './nodes.ts';

const command = (operation: string, ...input: unknown[]): Extract<ClientMessage, { kind: 'command' }> => ({
  ...{ kind: 'command', id: newId(), operation, input },
});

/** The first of the commands that were just given is on its way. */
const begun = () => new Promise((resolve) => setImmediate(resolve));

test('every command is a method of a room, and judged as it is', ({ service }) => {
  const rooms = service.as({ userId: newId() });
  for (const name of Object.keys(commands)) {
    const [room = '', method = ''] = name.split('.');
    expect([name, typeof Reflect.get(Reflect.get(rooms, room) as object, method)]).toEqual([name, 'function']);
    expect(methods).toHaveProperty([name]);
  }
});

test('a command is answered with its result and the last event in its meeting', async ({ exchange, running }) => {
  const { connect } = await exchange();
  const { id, host } = await running();
  const line = connect(host);
  line.say({ kind: 'subscribe', stream: { kind: 'meeting', id } });
  const sending = command('chat.send', id, { content: 'hello' });
  const beating = command('participants.heartbeat', id, null);
  line.say(sending, beating);
  await eventually(() => expect(line.of('done')).toHaveLength(2));
  await eventually(() => expect(line.of('events')).toHaveLength(1));
  const [event] = line.of('events')[0]?.events ?? [];
  expect(line.of('done')).toEqual([
    expect.objectContaining({
      id: sending.id,
      seq: event?.seq,
      result: expect.objectContaining({ content: 'hello', sentAt: expect.any(String) }),
    }),
    { kind: 'done', id: beating.id, result: null, seq: null },
  ]);
});

test('what is no command, or has no fitting input, is refused under its id', async ({ exchange, running }) => {
  const { connect } = await exchange();
  const { id, host } = await running();
  const line = connect(host);
  const wrong = [
    ...[command('meetings.end', id), command('chat.shout', id), command('constructor'), command('chat.send.call')],
    ...[command('participants.raiseHand', id, {}), command('chat.send'), command('chat.send', 7, { content: 'x' })],
    ...[command('participants.join', id, 'now'), command('participants.join', id, [])],
  ];
  line.say(...wrong);
  await eventually(() => expect(line.frames).toHaveLength(wrong.length));
  expect(line.frames).toEqual(
    wrong.map((each) => expect.objectContaining({ kind: 'failed', id: each.id, code: 'VALIDATION' })),
  );
  expect(line.closes).toEqual([]);
});

test('a refusal is the one that the room itself would give', async ({ exchange, running, service }) => {
  const { connect } = await exchange();
  const { id } = await running();
  const stranger = newId();
  const line = connect(stranger);
  const sending = command('chat.send', id, { content: 'hello' });
  line.say(sending);
  await eventually(() => expect(line.frames).toHaveLength(1));
  const refusal = await fails(service.as({ userId: stranger }).chat.send(id, { content: 'hello' }), 'NOT_FOUND');
  const { code, message, details } = refusal;
  expect(line.frames).toEqual([{ kind: 'failed', id: sending.id, code, message, details }]);
});

test('whoever does not read the answers gets no more done', async ({ exchange, running }) => {
  const { connect, service } = await exchange();
  const { id, host } = await running();
  const line = connect(host);
  const said = async () => (await service.as({ userId: host }).chat.history(id)).items.map(({ content }) => content);
  line.say(command('chat.send', id, { content: 'first' }));
  await eventually(() => expect(line.of('done')).toHaveLength(1));
  const [{ id: messageId } = { id: '' }] = (await service.as({ userId: host }).chat.history(id)).items;
  line.bufferedBytes = 10_000_000;
  line.say(command('chat.send', id, { content: 'second' }));
  // Whoever does read is served five times meanwhile.
  const other = connect(host);
  other.say(...Array.from({ length: 5 }, () => command('chat.markRead', id, messageId)));
  await eventually(() => expect(other.of('done')).toHaveLength(5));
  expect(await said()).toEqual(['first']);
  line.drain();
  await eventually(() => expect(line.of('done')).toHaveLength(2));
  expect(await said()).toContain('second');
});

test('a crowd of commands waits its turn up to a number, and in order', async ({ exchange, running }) => {
  const { connect } = await exchange();
  const { id, host } = await running();
  const line = connect(host);
  const given = Array.from({ length: 260 }, () => command('participants.heartbeat', id));
  line.say(...given);
  const refused = given.slice(256).map((each) => each.id);
  expect(line.of('failed').map((frame) => [frame.id, frame.code])).toEqual(refused.map((each) => [each, 'BUSY']));
  await eventually(() => expect(line.of('done')).toHaveLength(256));
  expect(line.of('done').map((frame) => frame.id)).toEqual(given.slice(0, 256).map((each) => each.id));
});

test('a command in a row after one that fails is done', async ({ exchange, running }) => {
  const { connect } = await exchange();
  const { id, host } = await running();
  const line = connect(host);
  line.say(command('chat.send', id, { content: '' }), command('chat.send', id, { content: 'fine' }));
  await eventually(() => expect(line.frames.map(({ kind }) => kind)).toEqual(['failed', 'done']));
});

test('commands of a connection that is gone, or of a service that closes, are not begun', async ({
  exchange,
  running,
  service,
}) => {
  const { connect, service: own, transport } = await exchange();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const [gone, late] = [connect(host), connect(bob)];
  gone.say(command('chat.send', id, { content: 'begun' }), command('chat.send', id, { content: 'dropped' }));
  await begun();
  gone.hangUp();
  late.say(command('chat.send', id, { content: 'answered' }), command('chat.send', id, { content: 'never begun' }));
  await begun();
  await own.close();
  expect(late.of('done')).toHaveLength(1);
  expect(late.closes).toEqual([expect.objectContaining({ code: 3001 })]);
  expect(transport.stopped).toBe(1);
  const { items } = await service.as({ userId: host }).chat.history(id);
  expect(new Set(items.map(({ content }) => content))).toEqual(new Set(['answered', 'begun']));
});

test('a name that the client gives its device is kept', async ({ exchange, running, service }) => {
  const { connect } = await exchange();
  const { id, host, participants } = await running({ participants: 1, present: false });
  const [bob = ''] = participants;
  await service.as({ userId: host }).participants.join(id);
  const line = connect(bob);
  line.say(command('participants.join', id, { connectionId: 'phone' }), command('participants.join', id));
  await eventually(() => expect(line.of('done')).toHaveLength(2));
  const { people } = await service.as({ userId: host }).participants.attendance(id);
  const sessions = people.find(({ authUserId }) => authUserId === bob)?.sessions ?? [];
  expect(sessions.map(({ connectionId }) => connectionId).toSorted()).toEqual([line.id, 'phone'].toSorted());
});

test('presence hangs by connections that follow something, or have joined', async ({ running, service }) => {
  const { id, host } = await running();
  const { sessions, told } = bareSessions(undefined, (userId, call) =>
    service.as({ userId }).with({ idempotencyKey: call.idempotencyKey ?? newId() }),
  );
  const open = () => new Line().open(sessions, { userId: host });
  const speaking = open();
  speaking.say(command('chat.send', id, { content: 'hello' }));
  await eventually(() => expect(speaking.of('done')).toHaveLength(1));
  speaking.hangUp();
  expect(told).toEqual([]);
  const watching = open();
  watching.say(
    { kind: 'subscribe', stream: { kind: 'meeting', id } },
    { kind: 'subscribe', stream: { kind: 'user', id: host } },
  );
  watching.hangUp();
  watching.hangUp();
  expect(told.splice(0)).toEqual([`opened ${watching.id} of ${host}`, 'closed']);
  const joining = open();
  joining.say(command('participants.join', newId()), command('participants.join', id));
  await eventually(() => expect(joining.frames.map(({ kind }) => kind)).toEqual(['failed', 'done']));
  joining.hangUp();
  expect(told).toEqual([`opened ${joining.id} of ${host}`, 'joined', 'closed']);
});
