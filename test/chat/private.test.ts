import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { memoryTransport } from '../../src/transports/index.ts';
import { fails, minutes, openService, unchanged } from '../setup/service.ts';
import { roomOf, test } from './room.ts';

test('a private message reaches its two people and nobody else', async ({ room, events }) => {
  const { id, ada, bob, eve, ids } = await room();
  events.length = 0;
  const message = await bob.send(id, { content: 'psst', recipientId: ids.eve });
  expect(message).toMatchObject({ isPrivate: true, senderId: ids.bob, recipientId: ids.eve });
  expect(events).toMatchObject([
    { type: 'chat.message.sent', prev: 0, audience: { users: [ids.bob, ids.eve] }, data: { isPrivate: true } },
  ]);
  for (const reader of [bob, eve]) expect((await reader.history(id)).items).toEqual([message]);
  expect((await ada.history(id)).items).toEqual([]);
});

describe('it is invisible to a third member, the Host, an Observer and people outside', () => {
  const secret = 'rendezvous';

  test('in every answer, on every channel, as words, as an id and as a number', async ({
    service,
    room,
    clock,
    sql,
    tablesHolding,
  }) => {
    const meeting = await room({ participants: 4 });
    const { id, bob, eve, ids } = meeting;
    const [, , third = '', observer = ''] = meeting.participants;
    await service.as({ userId: ids.ada }).participants.setRole(id, observer, 'Observer');
    const public1 = await bob.send(id, { content: 'Hello' });
    const hidden = await bob.send(id, { content: `a ${secret}`, recipientId: ids.eve, replyToMessageId: public1.id });
    await eve.send(id, { content: `no ${secret}`, recipientId: ids.bob, replyToMessageId: hidden.id });
    await bob.edit(hidden.id, { content: `another ${secret}` });
    const seen: unknown[] = [];
    for (const userId of [ids.ada, third, observer]) {
      const rooms = service.as({ userId });
      const parts = [await rooms.chat.history(id), await rooms.chat.history(id, { after: public1.id })];
      parts.push(await rooms.chat.history(id, { around: public1.id }), await rooms.chat.history(id, { with: ids.bob }));
      seen.push(parts, await rooms.chat.search(id, { text: secret }), await rooms.meetings.history(id));
      expect(parts.map(({ items }) => items.length)).toEqual([1, 0, 1, 0]);
      expect(await rooms.chat.unread(id)).toEqual({ lastReadMessageId: null, unreadCount: 1 });
      expect(await rooms.chat.markRead(id, public1.id)).toMatchObject({ unreadCount: 0 });
      for (const act of [
        () => rooms.chat.markRead(id, hidden.id),
        () => rooms.chat.history(id, { before: hidden.id }),
        () => rooms.chat.history(id, { after: hidden.id }),
        () => rooms.chat.history(id, { around: hidden.id }),
        () => rooms.chat.delete(hidden.id),
        () => rooms.chat.edit(hidden.id, { content: 'x' }),
      ])
        seen.push(await fails(act(), 'NOT_FOUND'));
    }
    await fails(service.as({ userId: newId() }).chat.history(id), 'NOT_FOUND');
    await fails(service.asSystem().chat.delete(hidden.id), 'NOT_FOUND');
    await fails(service.asSystem().chat.history(id), 'FORBIDDEN');
    clock.advance(10 * minutes);
    await service.as({ userId: ids.ada }).meetings.end(id);
    const { engagement } = service.as({ userId: ids.ada });
    seen.push(await engagement.meeting(id), await engagement.participants(id), await engagement.explain(id, ids.bob));
    const text = JSON.stringify(seen);
    for (const word of [secret, hidden.id]) expect(text).not.toContain(word);
    // In the database the words stand where only the two can read them.
    expect(await tablesHolding(secret)).toEqual(['meeting_chat_messages', 'meeting_events']);
    const told = await sql<{ audience: string; readers: string[] }>(
      `select audience, array(select unnest(audience_users) order by 1) as readers
       from convoke.meeting_events where stream_id = $1 and position($2 in data::text) > 0`,
      [id, secret],
    );
    const readers = [ids.bob, ids.eve].toSorted();
    expect(told).toEqual([
      { audience: 'users', readers },
      { audience: 'users', readers },
    ]);
  });

  test('on the transport', async ({ url, clock, running }) => {
    const transport = memoryTransport();
    await using service = await openService(url, { clock, transport });
    const { id, bob, ids } = await roomOf(service, await running({ participants: 2 }));
    const heard: string[] = [];
    for (const userId of [ids.ada, ids.bob, ids.eve])
      transport.subscribe(`user:${userId}`, () => void heard.push(userId));
    for (const channel of [`meeting:${id}`, `meeting:${id}:hosts`] as const)
      transport.subscribe(channel, () => void heard.push(channel));
    await bob.send(id, { content: secret, recipientId: ids.eve });
    await expect.poll(() => heard.toSorted()).toEqual([ids.bob, ids.eve].toSorted());
    await bob.send(id, { content: 'all of you' });
    await expect.poll(() => heard.slice(2)).toEqual([`meeting:${id}`]);
  });
});

describe('who can be written to', () => {
  test('not oneself, nobody absent, no Observer', async ({ service, room, url }) => {
    const { id, bob, ids } = await room();
    const { participants } = service.as({ userId: ids.ada });
    await fails(bob.send(id, { content: 'x', recipientId: ids.bob }), 'CONFLICT');
    await participants.setRole(id, ids.eve, 'Observer');
    await fails(bob.send(id, { content: 'x', recipientId: ids.eve }), 'CONFLICT');
    await participants.setRole(id, ids.eve, 'Participant');
    await service.as({ userId: ids.eve }).participants.leave(id);
    const error = await unchanged(url, () => fails(bob.send(id, { content: 'x', recipientId: ids.eve }), 'CONFLICT'));
    expect(error.details).toEqual({ operation: 'chat.sendPrivate', condition: 'recipientReachable' });
    await service.as({ userId: ids.eve }).participants.join(id);
    await bob.send(id, { content: 'x', recipientId: ids.eve });
  });

  test('whoever may not write can still be written to', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    await service.as({ userId: ids.ada }).participants.setPermissions(id, ids.eve, { canUseChat: false });
    await bob.send(id, { content: 'x', recipientId: ids.eve });
  });

  test('people who do not belong to the meeting, or not any more, are nobody', async ({ service, room, url }) => {
    const [{ id, bob, ids }, other] = [await room(), await room()];
    await service.as({ userId: ids.ada }).participants.remove(id, ids.eve);
    await unchanged(url, async () => {
      const refusals: unknown[] = [];
      for (const recipientId of [newId(), other.ids.bob, ids.eve])
        refusals.push((await fails(bob.send(id, { content: 'x', recipientId }), 'NOT_FOUND')).toJSON());
      expect(refusals).toEqual(refusals.map(() => refusals[0]));
    });
  });
});

describe('the switch privateChat', () => {
  test('off binds everybody, the Host included', async ({ room, url }) => {
    const { id, ada, bob, ids } = await room({ settings: { privateChat: 'off' } });
    await unchanged(url, async () => {
      for (const [chat, recipientId] of [
        [ada, ids.bob],
        [bob, ids.ada],
        [bob, ids.eve],
      ] as const) {
        const error = await fails(chat.send(id, { content: 'x', recipientId }), 'FORBIDDEN');
        expect(error.details).toMatchObject({ condition: 'privateChatAllows' });
      }
    });
    await bob.send(id, { content: 'x' });
  });

  test('hostsOnly wants a Host or CoHost on one side', async ({ service, room }) => {
    const { id, ada, bob, eve, ids } = await room({ settings: { privateChat: 'hostsOnly' } });
    await ada.send(id, { content: 'x', recipientId: ids.bob });
    await bob.send(id, { content: 'x', recipientId: ids.ada });
    await fails(bob.send(id, { content: 'x', recipientId: ids.eve }), 'FORBIDDEN');
    await service.as({ userId: ids.ada }).participants.setRole(id, ids.eve, 'CoHost');
    await bob.send(id, { content: 'x', recipientId: ids.eve });
    await eve.send(id, { content: 'x', recipientId: ids.bob });
    // An absent Host makes the pair lawful and is out of reach all the same.
    await service.as({ userId: ids.ada }).participants.leave(id);
    await fails(bob.send(id, { content: 'x', recipientId: ids.ada }), 'CONFLICT');
  });

  test('is the service’s where the meeting is silent, and the meeting’s where it is not', async ({
    url,
    clock,
    running,
  }) => {
    await using service = await openService(url, { clock, policy: { switches: { privateChat: 'off' } } });
    const silent = await roomOf(service, await running({ participants: 2 }));
    await fails(silent.bob.send(silent.id, { content: 'x', recipientId: silent.ids.eve }), 'FORBIDDEN');
    const outspoken = await roomOf(service, await running({ participants: 2, settings: { privateChat: 'all' } }));
    await outspoken.bob.send(outspoken.id, { content: 'x', recipientId: outspoken.ids.eve });
  });

  test('holds from the moment it is set, for rewording too', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    const message = await bob.send(id, { content: 'x', recipientId: ids.eve });
    await service.as({ userId: ids.ada }).meetings.update(id, { settings: { privateChat: 'off' } });
    await fails(bob.send(id, { content: 'x', recipientId: ids.eve }), 'FORBIDDEN');
    const error = await fails(bob.edit(message.id, { content: 'y' }), 'FORBIDDEN');
    expect(error.details).toMatchObject({ condition: 'privateChatAllows' });
    await bob.delete(message.id);
  });
});
