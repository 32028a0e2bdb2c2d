import { describe, expect } from 'vitest';
import { messageView, type SendInput } from '../../src/chat/chat.schema.ts';
import { chatEvents } from '../../src/chat/index.ts';
import { SYSTEM_USER_ID } from '../../src/core/actor.ts';
import { newId } from '../../src/core/identifier.ts';
import { fails, people, start, unchanged } from '../setup/service.ts';
import { test } from './room.ts';

test('what somebody writes is a message, with its event', async ({ room, events, sql }) => {
  const { id, bob, ids, ada } = await room();
  events.length = 0;
  const message = await bob.send(id, { content: 'Hello' });
  expect(message).toEqual({
    id: expect.any(String),
    meetingId: id,
    senderId: ids.bob,
    messageType: 'Text',
    content: 'Hello',
    replyToMessageId: null,
    isPrivate: false,
    recipientId: null,
    sentAt: new Date(start),
    editedAt: null,
    deletedAt: null,
    clientMessageId: null,
  });
  expect(messageView.parse(message)).toEqual(message);
  expect(Object.isFrozen(message)).toBe(true);
  const { id: messageId, meetingId: _, ...said } = message;
  const data = { messageId, ...said, sentAt: start };
  expect(events).toMatchObject([
    { type: 'chat.message.sent', stream: { id }, audience: 'all', actorId: ids.bob, time: start, data },
  ]);
  expect(chatEvents['chat.message.sent'].data.parse(events[0]?.data)).toEqual(data);
  // What is announced is what is stored.
  const [stored] = await sql<object>(
    `select e.id, e.seq::int, e.prev::int, e.type, e.audience, e.actor_id as "actorId", e.data, h.epoch
     from convoke.meeting_events e join convoke.meeting_event_heads h using (stream_kind, stream_id)
     where e.stream_id = $1 order by e.seq desc limit 1`,
    [id],
  );
  const { stream: _stream, time: _time, ...announced } = events[0]!;
  expect(announced).toEqual(stored);
  expect((await ada.history(id)).items).toEqual([message]);
});

test('an id is a UUIDv7 of the time at which the message was sent', async ({ room }) => {
  const { id, bob } = await room();
  const message = await bob.send(id, { content: 'Hello' });
  expect(message.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(message.id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.parse(start));
});

describe('types', () => {
  test.for<[SendInput['messageType'], string]>([
    ['Text', '  kept <b>as</b> given;\n\ttabs, "quotes" \\ and $1 %s ? too  '],
    ['Text', '🧮'.repeat(4_000)],
    ['Emoji', '👍🏽🇩🇪'],
    ['Link', 'https://example.org/a?b=c'],
  ])('%s', async ([messageType, content], { room }) => {
    const { id, bob } = await room();
    const message = await bob.send(id, { content, ...(messageType && { messageType }) });
    expect(message).toMatchObject({ content, messageType });
    expect((await bob.history(id)).items).toEqual([message]);
  });

  test('a file is an attachment of this meeting', async ({ room, attach }) => {
    const [one, other] = [await room(), await room()];
    const [here, elsewhere] = [await attach(one), await attach(other)];
    const message = await one.bob.send(one.id, { content: here.toUpperCase(), messageType: 'File' });
    expect(message).toMatchObject({ content: here, messageType: 'File' });
    const unknown = await fails(one.bob.send(one.id, { content: newId(), messageType: 'File' }), 'NOT_FOUND');
    const foreign = await fails(one.bob.send(one.id, { content: elsewhere, messageType: 'File' }), 'NOT_FOUND');
    expect(foreign.toJSON()).toEqual(unknown.toJSON());
    expect(unknown.message).toContain('attachment');
    // The right to write comes first.
    await fails(one.bob.send(other.id, { content: elsewhere, messageType: 'File' }), 'NOT_FOUND');
  });
});

describe('input that is refused before anything is asked', () => {
  const bad: Record<string, unknown> = {
    'no content': {},
    'nothing to see': { content: ' \u200b ' },
    NUL: { content: 'a\0b' },
    'half of an emoji': { content: 'a\ud83d' },
    'too long': { content: 'x'.repeat(4_001) },
    'no text': { content: ['a'] },
    'an operator': { content: { $ne: null } },
    'the type of the system': { content: 'x', messageType: 'System' },
    'no such type': { content: 'x', messageType: 'Video' },
    'an emoji that is none': { content: 'x', messageType: 'Emoji' },
    'a link that is none': { content: 'javascript:alert(1)', messageType: 'Link' },
    'a file that is none': { content: '../../etc/passwd', messageType: 'File' },
    'private to nobody': { content: 'x', isPrivate: true },
    'a recipient that is no id': { content: 'x', recipientId: { $ne: null } },
    'a recipient null': { content: 'x', recipientId: null },
    'an answer to a list': { content: 'x', replyToMessageId: [newId()] },
    'a blank client id': { content: 'x', clientMessageId: '  ' },
    'a long client id': { content: 'x', clientMessageId: 'x'.repeat(256) },
    'a client id of two lines': { content: 'x', clientMessageId: 'a\nb' },
    'somebody else': { content: 'x', senderId: newId() },
    'another time': { content: 'x', sentAt: new Date() },
    'an id': { content: 'x', id: newId() },
    'a key of a prototype': JSON.parse('{"content":"x","__proto__":{"polluted":true}}'),
    'no object': 'x',
    nothing: undefined,
  };
  test.for(Object.entries(bad))('%s', async ([, input], { room, counted }) => {
    const { id, ids } = await room();
    const { chat, statements } = await counted(ids.bob);
    await fails(chat.send(id, input as SendInput), 'VALIDATION');
    for (const meetingId of ['', 'x', null, { $ne: null }, [id]])
      await fails(chat.send(meetingId as string, { content: 'x' }), 'VALIDATION');
    expect(statements).toEqual([]);
  });

  test('what was written is not repeated in the error', async ({ room }) => {
    const { id, bob } = await room();
    const error = await fails(bob.send(id, { content: 'a secret', messageType: 'Link' }), 'VALIDATION');
    expect(JSON.stringify(error)).not.toContain('secret');
  });
});

describe('who may not', () => {
  test('people outside, and of another meeting, are told nothing', async ({ service, room, url }) => {
    const [one, other] = [await room(), await room()];
    await unchanged(url, async () => {
      const unknown = await fails(one.bob.send(newId(), { content: 'x' }), 'NOT_FOUND');
      const foreign = await fails(one.bob.send(other.id, { content: 'x' }), 'NOT_FOUND');
      expect(foreign.toJSON()).toEqual(unknown.toJSON());
      await fails(service.as({ userId: newId() }).chat.send(one.id, { content: 'x' }), 'NOT_FOUND');
    });
  });

  test('whoever was removed is outside at once, whatever device is still there', async ({ service, room, url }) => {
    const { id, bob, ids } = await room();
    await service.as({ userId: ids.ada }).participants.remove(id, ids.bob);
    await unchanged(url, () => fails(bob.send(id, { content: 'x' }), 'NOT_FOUND'));
  });

  test('an Observer', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    await service.as({ userId: ids.ada }).participants.setRole(id, ids.bob, 'Observer');
    const error = await fails(bob.send(id, { content: 'x' }), 'FORBIDDEN');
    expect(error.details).toMatchObject({ operation: 'chat.send' });
  });

  test('whoever may not use the chat, unless they hold the meeting', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    const { participants } = service.as({ userId: ids.ada });
    await participants.setPermissions(id, ids.bob, { canUseChat: false });
    const error = await fails(bob.send(id, { content: 'x' }), 'FORBIDDEN');
    expect(error.details).toEqual({ operation: 'chat.send', flag: 'canUseChat' });
    await participants.setPermissions(id, ids.bob, { canUseChat: true });
    await bob.send(id, { content: 'again' });
  });

  test('whoever is not there', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    await service.as({ userId: ids.bob }).participants.leave(id);
    expect((await fails(bob.send(id, { content: 'x' }), 'FORBIDDEN')).details).toMatchObject({ condition: 'present' });
    await service.as({ userId: ids.bob }).participants.join(id);
    await bob.send(id, { content: 'back' });
  });

  test('anybody before the start and after the end', async ({ service, scheduled, room }) => {
    const soon = await scheduled();
    const early = await fails(
      service.as({ userId: soon.host }).chat.send(soon.id, { content: 'x' }),
      'INVALID_TRANSITION',
    );
    expect(early.details).toMatchObject({ status: 'Scheduled' });
    const { id, ada, ids } = await room();
    await service.as({ userId: ids.ada }).meetings.end(id);
    expect((await fails(ada.send(id, { content: 'x' }), 'INVALID_TRANSITION')).details).toMatchObject({
      status: 'Completed',
    });
  });

  test('the system, which speaks in a way of its own', async ({ service, room }) => {
    const { id } = await room();
    await fails(service.asSystem().chat.send(id, { content: 'x' }), 'FORBIDDEN');
    await fails(service.asSystem().chat.send(newId(), { content: 'x' }), 'NOT_FOUND');
  });
});

describe('the system speaks', () => {
  test('in every state, signed by itself, as nobody', async ({ service, room, scheduled, events }) => {
    const { id, bob, ids } = await room();
    const { chat } = service.asSystem();
    events.length = 0;
    const message = await chat.sendSystem(id, { content: 'Recording has begun.' });
    expect(message).toMatchObject({ senderId: SYSTEM_USER_ID, messageType: 'System', isPrivate: false });
    expect(events).toMatchObject([
      { type: 'chat.message.sent', actorId: null, audience: 'all', data: { messageType: 'System' } },
    ]);
    await service.as({ userId: ids.ada }).meetings.end(id);
    await chat.sendSystem(id, { content: 'The recording is ready.' });
    expect((await bob.history(id)).items).toHaveLength(2);
    const cancelled = await scheduled();
    await service.as({ userId: cancelled.host }).meetings.cancel(cancelled.id);
    await chat.sendSystem(cancelled.id, { content: 'See you next week.' });
  });

  test('only through the capability', async ({ service, room, url }) => {
    const { id, ada } = await room();
    await unchanged(url, async () => {
      await fails(ada.sendSystem(id, { content: 'x' }), 'FORBIDDEN');
      await fails(service.as({ userId: newId() }).chat.sendSystem(id, { content: 'x' }), 'NOT_FOUND');
      await fails(service.asSystem().chat.sendSystem(newId(), { content: 'x' }), 'NOT_FOUND');
      await fails(service.asSystem().chat.sendSystem(id, { content: '' }), 'VALIDATION');
    });
  });
});

describe('answers', () => {
  test('name the message they answer, public to public and private to public', async ({ room }) => {
    const { id, ada, bob, ids } = await room();
    const { id: question } = await bob.send(id, { content: 'Why?' });
    expect(await ada.send(id, { content: 'Because.', replyToMessageId: question })).toMatchObject({
      replyToMessageId: question,
    });
    const aside = await ada.send(id, { content: 'Shh.', replyToMessageId: question, recipientId: ids.bob });
    expect(aside).toMatchObject({ replyToMessageId: question, isPrivate: true });
    expect(await bob.send(id, { content: 'Oh.', replyToMessageId: aside.id, recipientId: ids.ada })).toMatchObject({
      replyToMessageId: aside.id,
    });
    // One's own words, too.
    await bob.send(id, { content: 'I mean it.', replyToMessageId: question });
  });

  test('to what is not there, or not one’s own to read, are refused alike', async ({ room, url }) => {
    const [one, other] = [await room(), await room()];
    const foreign = await other.bob.send(other.id, { content: 'elsewhere' });
    const hidden = await one.ada.send(one.id, { content: 'secret', recipientId: one.ids.bob });
    await unchanged(url, async () => {
      const refusals: unknown[] = [];
      for (const replyToMessageId of [newId(), foreign.id, hidden.id])
        refusals.push((await fails(one.eve.send(one.id, { content: 'x', replyToMessageId }), 'NOT_FOUND')).toJSON());
      const [unknown] = refusals;
      expect(unknown).toMatchObject({ message: expect.stringContaining('message') });
      expect(refusals).toEqual([unknown, unknown, unknown]);
    });
  });

  test('to a deleted message or one of the system are refused', async ({ service, room }) => {
    const { id, bob, eve } = await room();
    const gone = await bob.send(id, { content: 'oops' });
    await bob.delete(gone.id);
    const system = await service.asSystem().chat.sendSystem(id, { content: 'Recording has begun.' });
    for (const { id: replyToMessageId } of [gone, system])
      await fails(eve.send(id, { content: 'x', replyToMessageId }), 'CONFLICT');
  });

  test('to a private message stay between its two people', async ({ room, url }) => {
    const { id, ada, bob, ids } = await room();
    const secret = await ada.send(id, { content: 'secret', recipientId: ids.bob });
    await unchanged(url, async () => {
      await fails(bob.send(id, { content: 'x', replyToMessageId: secret.id }), 'CONFLICT');
      await fails(bob.send(id, { content: 'x', replyToMessageId: secret.id, recipientId: ids.eve }), 'CONFLICT');
      await fails(ada.send(id, { content: 'x', replyToMessageId: secret.id, recipientId: ids.eve }), 'CONFLICT');
    });
    await bob.send(id, { content: 'fine', replyToMessageId: secret.id, recipientId: ids.ada });
    await ada.send(id, { content: 'fine', replyToMessageId: secret.id, recipientId: ids.bob });
  });

  test('are never older than what they answer, though clocks step back', async ({ room, clock }) => {
    const { id, ada, bob } = await room();
    const question = await bob.send(id, { content: 'Why?' });
    clock.advance(-60_000);
    const answer = await ada.send(id, { content: 'Because.', replyToMessageId: question.id });
    expect(answer.sentAt).toEqual(question.sentAt);
  });
});

test('however much there is to judge, it is one statement', async ({ room, counted }) => {
  const { id, ada, ids } = await room();
  const { id: replyToMessageId } = await ada.send(id, { content: 'Why?', recipientId: ids.bob });
  const { chat, statements } = await counted(ids.bob);
  await chat.send(id, { content: 'x' });
  await chat.send(id, { content: 'x', replyToMessageId, recipientId: ids.ada, clientMessageId: 'mine' });
  expect(statements).toHaveLength(2);
});

test('a keyed repeat gives the same message, and one event', async ({ service, room, events }) => {
  const { id, ids } = await room();
  const keyed = service.as({ userId: ids.bob }).with({ idempotencyKey: 'one' }).chat;
  events.length = 0;
  const message = await keyed.send(id, { content: 'once' });
  expect(await keyed.send(id, { content: 'once' })).toEqual(message);
  expect(events).toHaveLength(1);
  await fails(keyed.send(id, { content: 'twice' }), 'IDEMPOTENCY_CONFLICT');
  const system = service.asSystem().with({ idempotencyKey: 'one' }).chat;
  expect(await system.sendSystem(id, { content: 'x' })).toEqual(await system.sendSystem(id, { content: 'x' }));
  const [stranger] = people(1);
  await fails(
    service.as({ userId: stranger! }).with({ idempotencyKey: 'one' }).chat.send(id, { content: 'once' }),
    'NOT_FOUND',
  );
});
