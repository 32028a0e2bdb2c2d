import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { MessageView } from '../../src/index.ts';
import { people } from '../setup/service.ts';
import { type Arena, atOnce, endings, hold, rounds, tally, test, waiting } from './arena.ts';

interface Told {
  readonly seq: number;
  readonly type: string;
  readonly actor: string | null;
  readonly at: string;
  readonly data: Readonly<Record<string, string | null>>;
}

/** A meeting's events, in order. */
function told({ sql }: Arena, meetingId: string): Promise<Told[]> {
  return sql<Told>(
    `select seq::int, type, actor_id as actor, occurred_at::text as at, data from convoke.meeting_events
     where stream_kind = 0 and stream_id = $1 order by seq`,
    [meetingId],
  );
}

const sentBy = (events: readonly Told[], userId: string) =>
  events.filter(({ type, actor }) => type === 'chat.message.sent' && actor === userId);

test('of fifty equal messages under one name there is one, with one event, and everybody gets it', async ({
  arena,
}) => {
  await rounds(5, async (round) => {
    const [userId = ''] = people(1);
    const { id } = await arena.room({ started: true, invite: [userId], present: [userId] });
    const { chat } = arena.service.as({ userId });
    const input = { content: 'Hello', clientMessageId: `mine-${round}` };
    const messages = await Promise.all(Array.from({ length: 50 }, () => chat.send(id, input)));
    expect(messages).toEqual(messages.map(() => messages[0]));
    expect((await arena.facts(id)).events['chat.message.sent']).toBe(1);
    expect(await arena.sql('select id from convoke.meeting_chat_messages where meeting_id = $1', [id])).toEqual([
      { id: messages[0]?.id },
    ]);
  });
});

test('of messages under one name that differ one is sent, and the others are told so', async ({ arena }) => {
  const [userId = ''] = people(1);
  const { id } = await arena.room({ started: true, invite: [userId], present: [userId] });
  const { chat } = arena.service.as({ userId });
  const calls = Array.from({ length: 20 }, (_, n) => chat.send(id, { content: `${n}`, clientMessageId: 'mine' }));
  expect(await tally(calls)).toEqual({ ok: 1, IDEMPOTENCY_CONFLICT: 19 });
  expect((await arena.facts(id)).events['chat.message.sent']).toBe(1);
});

test('of fifty equal sends under one key there is one message', async ({ arena }) => {
  const [userId = ''] = people(1);
  const { id } = await arena.room({ started: true, invite: [userId], present: [userId] });
  const { chat } = arena.service.as({ userId }).with({ idempotencyKey: 'once' });
  const messages = await Promise.all(Array.from({ length: 50 }, () => chat.send(id, { content: 'Hello' })));
  expect(messages).toEqual(messages.map(() => messages[0]));
  expect((await arena.facts(id)).events['chat.message.sent']).toBe(1);
});

test.for([
  ['removed', 'participant.removed', 'NOT_FOUND'],
  ['kept from the chat', 'participant.permissions-changed', 'FORBIDDEN'],
  ['made an Observer', 'participant.role-changed', 'FORBIDDEN'],
  ['sent home by the end', 'meeting.ended', 'INVALID_TRANSITION'],
] as const)('whoever is %s says nothing after it', { timeout: 60_000 }, async ([, event, code], { arena }) => {
  await rounds(50, async () => {
    const [userId = ''] = people(1);
    const { id, host } = await arena.room({ started: true, invite: [userId], present: [userId] });
    const rooms = arena.service.as({ userId: host });
    const acts = {
      'participant.removed': () => rooms.participants.remove(id, userId),
      'participant.permissions-changed': () => rooms.participants.setPermissions(id, userId, { canUseChat: false }),
      'participant.role-changed': () => rooms.participants.setRole(id, userId, 'Observer'),
      'meeting.ended': () => rooms.meetings.end(id),
    };
    const { chat } = arena.service.as({ userId });
    const before = await chat.send(id, { content: 'before' });
    let late: string[] = [];
    const ends = await endings(
      atOnce([
        async () => {
          await acts[event]();
          late = await endings([chat.send(id, { content: 'late' }), chat.edit(before.id, { content: 'late' })]);
        },
        ...Array.from({ length: 6 }, (_, n) => () => chat.send(id, { content: `${n}`, clientMessageId: `${n}` })),
        () => chat.send(id, { content: 'psst', recipientId: host }),
        () => chat.edit(before.id, { content: 'reworded' }),
      ]),
    );
    expect(ends[0]).toBe('ok');
    expect(ends.filter((end) => !['ok', 'FORBIDDEN', code].includes(end))).toEqual([]);
    expect(late).toEqual([code, code]);
    const events = await told(arena, id);
    const closing = events.find(({ type }) => type === event);
    const spoken = events.filter(({ type, actor }) => type.startsWith('chat.') && actor === userId);
    expect(spoken.filter(({ seq }) => seq > (closing?.seq ?? 0))).toEqual([]);
    expect(spoken).toHaveLength(1 + ends.slice(1).filter((end) => end === 'ok').length);
  });
});

test('nobody is written to after they have left', async ({ arena }) => {
  await rounds(30, async () => {
    const [writer = '', reader = ''] = people(2);
    const { id } = await arena.room({ started: true, invite: [writer, reader], present: [writer, reader] });
    const { chat } = arena.service.as({ userId: writer });
    const ends = await endings(
      atOnce([
        () => arena.service.as({ userId: reader }).participants.leave(id),
        ...Array.from({ length: 4 }, () => () => chat.send(id, { content: 'psst', recipientId: reader })),
      ]),
    );
    expect(ends.filter((end) => !['ok', 'CONFLICT'].includes(end))).toEqual([]);
    const events = await told(arena, id);
    const left = events.find(({ type }) => type === 'participant.left')?.seq ?? 0;
    expect(sentBy(events, writer).filter(({ seq }) => seq > left)).toEqual([]);
  });
});

test('two people who write to each other at once, and whoever changes their places, never block each other', async ({
  arena,
}) => {
  await rounds(30, async (round) => {
    const [one = '', two = ''] = people(2);
    const { id, host } = await arena.room({ started: true, invite: [one, two], present: [one, two] });
    const write = (from: string, to: string) => () =>
      arena.service.as({ userId: from }).chat.send(id, { content: 'psst', recipientId: to });
    const rooms = arena.service.as({ userId: host });
    const changes = [
      () => rooms.meetings.end(id),
      () => rooms.participants.remove(id, one),
      () => rooms.participants.setRole(id, two, 'CoHost'),
    ];
    const calls = [write(one, two), write(two, one), write(one, host), write(host, one), write(host, two)];
    const ends = await endings(atOnce([...calls, ...calls, changes[round % 3]!]));
    expect(ends.at(-1)).toBe('ok');
  });
});

test('messages stand in the order of their events, though many write at once', async ({ arena }) => {
  const crowd = people(12);
  const { id, host } = await arena.room({ started: true, invite: crowd, present: crowd });
  const { chat } = arena.service.as({ userId: host });
  const first = await chat.send(id, { content: 'Go!' });
  const seen: MessageView[] = [];
  let done = false;
  // Reads up to what is there, and goes on from there: whatever comes to stand before it would be missed.
  const reader = (async () => {
    for (let last = false; ; last = done) {
      const { items } = await chat.history(id, { after: seen.at(-1)?.id ?? first.id, limit: 7 });
      seen.push(...items);
      if (last && items.length === 0) return;
    }
  })();
  const writers = crowd.map(async (userId) => {
    const own = arena.service.as({ userId }).chat;
    for (let n = 0; n < 20; n++) await own.send(id, { content: `${n}`, clientMessageId: `${n}` });
  });
  await Promise.all(writers);
  done = true;
  await reader;
  const events = (await told(arena, id)).filter(({ type }) => type === 'chat.message.sent');
  expect(seen).toHaveLength(crowd.length * 20);
  expect([first, ...seen].map((message) => message.id)).toEqual(events.map(({ data }) => data['messageId']));
  const times = [first, ...seen].map((message) => message.sentAt.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(events.map(({ data }) => data['sentAt'])).toEqual(
    [first, ...seen].map((message) => message.sentAt.toISOString()),
  );
});

test('the time of a message is read after the wait for its turn', async ({ arena, url }) => {
  const { id, host } = await arena.room({ started: true });
  const release = await hold(
    url,
    'select from convoke.meeting_event_heads where stream_kind = 0 and stream_id = $1 for update',
    [id],
  );
  const sending = arena.service.as({ userId: host }).chat.send(id, { content: 'at last' });
  await waiting(arena, 1);
  await wait(20);
  const released = await release();
  expect((await sending).sentAt.getTime()).toBeGreaterThanOrEqual(released);
});

test('however many change a message at once, no former words are left anywhere', async ({ arena }) => {
  await rounds(20, async (round) => {
    const [author = ''] = people(1);
    const { id, host } = await arena.room({ started: true, invite: [author], present: [author] });
    const { chat } = arena.service.as({ userId: author });
    const message = await chat.send(id, { content: 'former words 0' });
    const edits = Array.from(
      { length: 6 },
      (_, n) => () => chat.edit(message.id, { content: `former words ${n + 1}` }),
    );
    const removal = () => arena.service.as({ userId: host }).chat.delete(message.id);
    const ends = await endings(atOnce(round % 2 === 0 ? [...edits, removal] : edits));
    expect(ends.filter((end) => !['ok', 'CONFLICT'].includes(end))).toEqual([]);
    const left = await arena.sql<{ content: string }>(
      `select content from convoke.meeting_chat_messages where id = $1 and content <> ''
       union all
       select data->>'content' from convoke.meeting_events where stream_id = $2 and data::text like '%former words%'`,
      [message.id, id],
    );
    // In the message and in the event that told the last change.
    const kept = round % 2 === 0 ? 0 : 1;
    expect([new Set(left.map(({ content }) => content)).size, left.length]).toEqual([kept, 2 * kept]);
  });
});

test('nobody answers what is deleted already', async ({ arena }) => {
  await rounds(30, async () => {
    const [author = '', ...others] = people(5);
    const { id } = await arena.room({ started: true, invite: [author, ...others], present: [author, ...others] });
    const { chat } = arena.service.as({ userId: author });
    const { id: replyToMessageId } = await chat.send(id, { content: 'Why?' });
    const answers = others.map(
      (userId) => () => arena.service.as({ userId }).chat.send(id, { content: 'Because.', replyToMessageId }),
    );
    const ends = await endings(atOnce([() => chat.delete(replyToMessageId), ...answers]));
    expect(ends[0]).toBe('ok');
    expect(ends.filter((end) => !['ok', 'CONFLICT'].includes(end))).toEqual([]);
    const events = await told(arena, id);
    const deleted = events.find(({ type }) => type === 'chat.message.deleted')?.seq ?? 0;
    const late = events.filter(({ type, seq }) => type === 'chat.message.sent' && seq > deleted);
    expect(late).toEqual([]);
  });
});

test('a meeting is handed over while its two Hosts are written to, and nobody waits in a circle', async ({ arena }) => {
  await rounds(50, async () => {
    const [one = '', two = ''] = people(2);
    const { id, host } = await arena.room({ started: true, invite: [one, two], present: [one, two] });
    const says = (from: string, to: string) => () =>
      arena.service.as({ userId: from }).chat.send(id, { content: 'psst', recipientId: to });
    const calls = [says(one, host), says(host, one), says(one, two), says(two, one), says(host, two)];
    const transfer = () => arena.service.as({ userId: host }).participants.transferHost(id, one);
    const ends = await endings(atOnce([...calls, ...calls, ...calls, transfer]));
    expect(new Set(ends)).toEqual(new Set(['ok']));
  });
});

test('somebody who is away waits for nobody whom they write to', async ({ arena, url }) => {
  const [away = '', here = ''] = people(2);
  const { id } = await arena.room({ started: true, invite: [away, here], present: [here] });
  const row = 'select from convoke.meeting_participants where meeting_id = $1 and auth_user_id = $2 for update';
  const release = await hold(url, row, [id, here]);
  const [end] = await endings([
    arena.service.as({ userId: away }).chat.send(id, { content: 'Hello?', recipientId: here }),
  ]);
  await release();
  expect(end).toBe('FORBIDDEN');
});
