import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, openService, start, unchanged } from '../setup/service.ts';
import { roomOf, test } from './room.ts';

test('an author changes their words, and everybody hears the message as it is now', async ({ room, events, clock }) => {
  const { id, ada, bob, ids } = await room();
  const message = await bob.send(id, { content: 'Helo' });
  clock.advance(1_000);
  events.length = 0;
  const edited = await bob.edit(message.id, { content: 'Hello' });
  expect(edited).toEqual({ ...message, content: 'Hello', editedAt: clock.now() });
  const { id: messageId, meetingId: _, ...said } = edited;
  const data = { messageId, ...said, sentAt: start, editedAt: clock.now().toISOString() };
  expect(events).toMatchObject([{ type: 'chat.message.edited', audience: 'all', actorId: ids.bob, data }]);
  expect((await ada.history(id)).items).toEqual([edited]);
});

test('the former words are gone from the message and from every event, in their place stands nothing', async ({
  room,
  sql,
  tablesHolding,
  clock,
}) => {
  const { id, bob } = await room();
  const { id: messageId } = await bob.send(id, { content: 'first version' });
  await bob.edit(messageId, { content: 'second version' });
  clock.advance(1_000);
  await bob.edit(messageId, { content: 'third one' });
  const stored = await sql<object>(
    `select seq::int, type, redacted, data->>'content' as content, data = '{}' as blank from convoke.meeting_events
     where stream_id = $1 and type like 'chat.%' order by seq`,
    [id],
  );
  const seq = expect.any(Number);
  expect(stored).toEqual([
    { seq, type: 'chat.message.sent', redacted: true, content: null, blank: true },
    { seq, type: 'chat.message.edited', redacted: true, content: null, blank: true },
    { seq, type: 'chat.message.edited', redacted: false, content: 'third one', blank: false },
  ]);
  expect(await tablesHolding('version')).toEqual([]);
  expect(await tablesHolding('third one')).toEqual(['meeting_chat_messages', 'meeting_events']);
});

test('another message’s events are left alone', async ({ room, sql }) => {
  const { id, ada, bob } = await room();
  const [one, other] = [await bob.send(id, { content: 'one' }), await ada.send(id, { content: 'other' })];
  await bob.edit(one.id, { content: 'two' });
  const [row] = await sql<object>(
    `select redacted, data->>'content' as content from convoke.meeting_events where data->>'messageId' = $1`,
    [other.id],
  );
  expect(row).toEqual({ redacted: false, content: 'other' });
});

test('the same words again change nothing and tell nothing', async ({ room, events, url, clock }) => {
  const { id, bob } = await room();
  const message = await bob.send(id, { content: 'Hello' });
  clock.advance(1_000);
  events.length = 0;
  expect(await unchanged(url, () => bob.edit(message.id, { content: 'Hello' }))).toEqual(message);
  expect(events).toEqual([]);
});

test('a private message stays with its two people', async ({ room, events }) => {
  const { id, bob, ids } = await room();
  const message = await bob.send(id, { content: 'psst', recipientId: ids.eve });
  events.length = 0;
  await bob.edit(message.id, { content: 'Psst!' });
  expect(events).toMatchObject([{ audience: { users: [ids.bob, ids.eve] }, prev: 0, data: { isPrivate: true } }]);
});

describe('time', () => {
  test('is over after 15 minutes, and what is changed late is not changed at all', async ({ room, clock, url }) => {
    const { id, bob } = await room();
    const message = await bob.send(id, { content: 'Helo' });
    clock.advance(15 * minutes);
    await bob.edit(message.id, { content: 'Hello' });
    clock.advance(1);
    await unchanged(url, async () => {
      const error = await fails(bob.edit(message.id, { content: 'Hello!' }), 'EXPIRED');
      expect(error.details).toMatchObject({ condition: 'withinEditWindow' });
      await fails(bob.edit(message.id, { content: 'Hello' }), 'EXPIRED');
    });
  });

  test('is what the service says', async ({ url, clock, running }) => {
    await using service = await openService(url, { clock, policy: { messageEditMinutes: 1 } });
    const { id, bob } = await roomOf(service, await running({ participants: 2 }));
    const message = await bob.send(id, { content: 'Helo' });
    clock.advance(minutes + 1);
    await fails(bob.edit(message.id, { content: 'Hello' }), 'EXPIRED');
  });

  test('stepping back puts no change before the message', async ({ room, clock }) => {
    const { id, bob } = await room();
    const message = await bob.send(id, { content: 'Helo' });
    clock.advance(-minutes);
    expect(await bob.edit(message.id, { content: 'Hello' })).toMatchObject({ editedAt: message.sentAt });
    expect(await bob.delete(message.id)).toMatchObject({ editedAt: message.sentAt, deletedAt: message.sentAt });
  });
});

describe('who may not', () => {
  test('anybody but the author, the Host included', async ({ service, room, url }) => {
    const { id, ada, bob, eve, ids } = await room();
    const message = await bob.send(id, { content: 'Hello' });
    await unchanged(url, async () => {
      for (const other of [ada, eve]) await fails(other.edit(message.id, { content: 'x' }), 'FORBIDDEN');
      await fails(service.asSystem().chat.edit(message.id, { content: 'x' }), 'FORBIDDEN');
      const unknown = await fails(eve.edit(newId(), { content: 'x' }), 'NOT_FOUND');
      const outside = await fails(service.as({ userId: newId() }).chat.edit(message.id, { content: 'x' }), 'NOT_FOUND');
      expect(outside.toJSON()).toEqual(unknown.toJSON());
    });
    await service.as({ userId: ids.ada }).participants.transferHost(id, ids.eve);
    await fails(ada.edit(message.id, { content: 'x' }), 'FORBIDDEN');
  });

  test('an author who may not write any more, by whatever it came', async ({ service, room, url }) => {
    const { id, bob, ids } = await room();
    const { participants, meetings } = service.as({ userId: ids.ada });
    const { id: messageId } = await bob.send(id, { content: 'Hello' });
    const edit = () => bob.edit(messageId, { content: 'x' });
    await participants.setPermissions(id, ids.bob, { canUseChat: false });
    await unchanged(url, async () =>
      expect((await fails(edit(), 'FORBIDDEN')).details).toMatchObject({ flag: 'canUseChat' }),
    );
    await participants.setPermissions(id, ids.bob, { canUseChat: true });
    await service.as({ userId: ids.bob }).participants.leave(id);
    await fails(edit(), 'FORBIDDEN');
    await service.as({ userId: ids.bob }).participants.join(id);
    await participants.setRole(id, ids.bob, 'Observer');
    await fails(edit(), 'FORBIDDEN');
    await participants.remove(id, ids.bob);
    const removed = await fails(edit(), 'NOT_FOUND');
    expect(removed.toJSON()).toEqual((await fails(bob.edit(newId(), { content: 'x' }), 'NOT_FOUND')).toJSON());
    const host = await room();
    const own = await host.ada.send(host.id, { content: 'Hello' });
    await service.as({ userId: host.ids.ada }).meetings.end(host.id);
    await fails(host.ada.edit(own.id, { content: 'x' }), 'INVALID_TRANSITION');
    await meetings.end(id);
  });

  test('an author after deleting it', async ({ room }) => {
    const { id, bob } = await room();
    const message = await bob.send(id, { content: 'Hello' });
    await bob.delete(message.id);
    await fails(bob.edit(message.id, { content: 'Hello again' }), 'CONFLICT');
  });

  test('anybody what the system said', async ({ service, room }) => {
    const { id, ada } = await room();
    const message = await service.asSystem().chat.sendSystem(id, { content: 'Recording has begun.' });
    await fails(ada.edit(message.id, { content: 'x' }), 'FORBIDDEN');
    await fails(service.asSystem().chat.edit(message.id, { content: 'x' }), 'FORBIDDEN');
  });
});

describe('content', () => {
  test('has to suit the type that the message has', async ({ room, url, attach }) => {
    const meeting = await room();
    const { id, bob } = meeting;
    const [first, second] = [await attach(meeting), await attach(meeting)];
    const sent = {
      Emoji: await bob.send(id, { content: '😀', messageType: 'Emoji' }),
      Link: await bob.send(id, { content: 'https://example.org', messageType: 'Link' }),
      File: await bob.send(id, { content: first, messageType: 'File' }),
    };
    await unchanged(url, async () => {
      for (const message of Object.values(sent)) {
        const error = await fails(bob.edit(message.id, { content: 'words' }), 'VALIDATION');
        expect(error.details).toMatchObject({ fields: [{ path: 'content' }] });
      }
      await fails(bob.edit(sent.File.id, { content: newId() }), 'NOT_FOUND');
    });
    await bob.edit(sent.Emoji.id, { content: '👍🏽' });
    await bob.edit(sent.Link.id, { content: 'https://example.com' });
    expect(await bob.edit(sent.File.id, { content: second.toUpperCase() })).toMatchObject({ content: second });
  });

  test.for([
    {},
    { content: '' },
    { content: ' ' },
    { content: 'a\0b' },
    { content: 'x'.repeat(4_001) },
    { content: 7 },
  ])('%j is refused', async (input, { room }) => {
    const { id, bob } = await room();
    const message = await bob.send(id, { content: 'Hello' });
    await fails(bob.edit(message.id, input as { content: string }), 'VALIDATION');
  });

  test.for([
    { messageType: 'Link' },
    { recipientId: newId() },
    { meetingId: newId() },
    { meeting: { id: newId(), title: 'HACKED' } },
    { senderId: newId() },
    { isPrivate: false },
    { deletedAt: null },
  ])('nothing else can be changed: %j', async (extra, { room, url }) => {
    const { id, bob } = await room();
    const message = await bob.send(id, { content: 'Hello' });
    await unchanged(url, () => fails(bob.edit(message.id, { content: 'x', ...extra }), 'VALIDATION'));
  });
});

test('a keyed repeat changes nothing and gives the message as it is by now', async ({ service, room, events, sql }) => {
  const { id, bob, ids } = await room();
  const keyed = service.as({ userId: ids.bob }).with({ idempotencyKey: newId() }).chat;
  const message = await keyed.send(id, { content: 'first version' });
  const edited = await keyed.edit(message.id, { content: 'second version' });
  events.length = 0;
  expect(await keyed.edit(message.id, { content: 'second version' })).toEqual(edited);
  expect(await keyed.send(id, { content: 'first version' })).toEqual(edited);
  expect(events).toEqual([]);
  const deleted = await bob.delete(message.id);
  expect(await keyed.edit(message.id, { content: 'second version' })).toEqual(deleted);
  expect(await keyed.send(id, { content: 'first version' })).toEqual(deleted);
  const remembered = await sql<{ response: object }>(
    'select response from convoke.meeting_idempotency_keys where actor_id = $1',
    [ids.bob],
  );
  expect(remembered).toEqual([{ response: { id: message.id } }, { response: { id: message.id } }]);
});
