import { describe, expect } from 'vitest';
import type { ChatSearchInput } from '../../src/chat/chat.schema.ts';
import { searchPage } from '../../src/chat/search.statements.ts';
import { newId } from '../../src/core/identifier.ts';
import { tablesOf } from '../../src/core/statement.ts';
import { fails } from '../setup/service.ts';
import { type Room, test } from './room.ts';

const lines = [
  'A graph has nodes and edges.',
  'Is a tree a Graph?',
  'Every tree is; not every GRAPH is a tree.',
  'Homework: the spanning tree algorithm, chapter 3',
  'nothing of the kind',
];

async function talk({ id, bob }: Room, said: readonly string[] = lines): Promise<void> {
  for (const content of said) await bob.send(id, { content });
}

const found = async ({ id, eve }: Room, text: string) =>
  (await eve.search(id, { text })).items.map(({ content }) => lines.indexOf(content ?? ''));

describe('finds', () => {
  test.for<[text: string, what: string, at: number[]]>([
    ['graph', 'a word, whatever its case, newest first', [2, 1, 0]],
    ['GRAPH tree', 'all words at once', [2, 1]],
    ['nodes or homework', 'one word or another', [3, 0]],
    ['tree -graph', 'a word without another', [3]],
    ['"spanning tree"', 'a phrase', [3]],
    ['"tree spanning"', 'no phrase the other way round', []],
    ['3', 'a number', [3]],
    ['gra', 'no part of a word', []],
    ['graphs', 'no other form of it', []],
    ['!!!', 'nothing where there is no word', []],
    ['-', 'nothing where there is nothing but a sign', []],
    ['"', 'nothing for a quote that never ends', []],
    [`tree ${'-'.repeat(40)}`, 'what is asked for beside a rule of dashes', [3, 2, 1]],
    ['- '.repeat(40), 'nothing where there are dashes only', []],
    ["graph'); drop table meetings; --", 'nothing for what looks like SQL', []],
    ["a & b | c ! (d) <-> 'e' \\", 'nothing for what looks like an operator', []],
  ])('%s: %s', async ([text, , at], { room }) => {
    const meeting = await room();
    await talk(meeting);
    expect(await found(meeting, text)).toEqual(at);
  });

  test('words in any script, and accents as they are written', async ({ room }) => {
    const meeting = await room();
    await talk(meeting, ['Größe zählt', 'Привет, мир', 'naïve idea']);
    const { id, eve } = meeting;
    for (const text of ['größe', 'мир', 'NAÏVE']) expect((await eve.search(id, { text })).items).toHaveLength(1);
    expect((await eve.search(id, { text: 'naive' })).items).toEqual([]);
  });

  test('where the words stand, as ranges in plain text', async ({ room }) => {
    const meeting = await room();
    const { id, bob, eve } = meeting;
    const content = '😀 <b>Tree</b> & tree, <script>trees</script>';
    const message = await bob.send(id, { content });
    const { items } = await eve.search(id, { text: 'tree' });
    expect(items).toEqual([{ ...message, matches: expect.any(Array) }]);
    expect(items[0]?.matches.map(({ start, end }) => content.slice(start, end))).toEqual(['Tree', 'tree']);
  });
});

test('changes are found at once, deleted messages never', async ({ room }) => {
  const { id, bob, eve } = await room();
  const message = await bob.send(id, { content: 'a rhododendron' });
  await bob.edit(message.id, { content: 'an oleander' });
  expect((await eve.search(id, { text: 'rhododendron' })).items).toEqual([]);
  expect((await eve.search(id, { text: 'oleander' })).items).toMatchObject([{ content: 'an oleander' }]);
  await bob.delete(message.id);
  expect((await eve.search(id, { text: 'oleander' })).items).toEqual([]);
});

test('a search stays in its meeting, also when its id is said in another', async ({ room, sql }) => {
  const isWord = async ({ id }: Room) =>
    (await sql(`select where $1 = any(tsvector_to_array(to_tsvector('simple', $1)))`, [id])).length > 0;
  const other = await room();
  let one = await room();
  while (!(await isWord(one))) one = await room(); // some ids read as numbers with signs between them
  await one.bob.send(one.id, { content: 'tree' });
  await other.bob.send(other.id, { content: `tree ${one.id}` });
  expect((await one.eve.search(one.id, { text: 'tree' })).items).toMatchObject([{ meetingId: one.id }]);
  expect((await one.eve.search(one.id, { text: one.id })).items).toEqual([]);
});

test('private messages are found by their two people', async ({ room }) => {
  const { id, ada, bob, eve, ids } = await room();
  await bob.send(id, { content: 'a secret tree', recipientId: ids.eve });
  for (const [reader, count] of [
    [bob, 1],
    [eve, 1],
    [ada, 0],
  ] as const)
    expect((await reader.search(id, { text: 'tree' })).items).toHaveLength(count);
});

test('pages hold every hit once, newest first', async ({ room, sql }) => {
  const meeting = await room();
  const { id, bob, eve, ids } = meeting;
  // Written past the service: several to a millisecond. Gone again before the invariants are asked.
  await sql(
    `insert into convoke.meeting_chat_messages (id, meeting_id, sender_id, content, sent_at)
     select gen_random_uuid(), $1, $2, 'tree ' || n, '2026-03-02T09:00:00Z'::timestamptz + (n / 3) * interval '100 us'
     from generate_series(1, 25) n`,
    [id, ids.ada],
  );
  await bob.send(id, { content: 'no such thing' });
  const order = await sql<{ id: string }>(
    `select id from convoke.meeting_chat_messages where meeting_id = $1 and content like 'tree%' order by sent_at desc, id desc`,
    [id],
  );
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof eve.search>> = await eve.search(id, {
      ...{ text: 'tree', limit: 4 },
      ...(cursor !== null && { cursor }),
    });
    seen.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(order.map((row) => row.id));
  await sql(`delete from convoke.meeting_chat_messages where meeting_id = $1 and content like 'tree%'`, [id]);
});

describe('who may', () => {
  test('members who did not decline', async ({ service, room }) => {
    const meeting = await room();
    await talk(meeting);
    const { id, bob, eve, ids } = meeting;
    const { participants, invitations } = service.as({ userId: ids.ada });
    await participants.setRole(id, ids.eve, 'Observer');
    expect((await eve.search(id, { text: 'graph' })).items).toHaveLength(3);
    const late = newId();
    await invitations.invite(id, { inviteeIds: [late] });
    await service.as({ userId: late }).invitations.respond(id, { response: 'Declined' });
    await fails(service.as({ userId: late }).chat.search(id, { text: 'graph' }), 'FORBIDDEN');
    await participants.remove(id, ids.bob);
    const unknown = (await fails(bob.search(newId(), { text: 'graph' }), 'NOT_FOUND')).toJSON();
    expect((await fails(bob.search(id, { text: 'graph' }), 'NOT_FOUND')).toJSON()).toEqual(unknown);
    await fails(service.as({ userId: newId() }).chat.search(id, { text: 'graph' }), 'NOT_FOUND');
    await fails(service.asSystem().chat.search(id, { text: 'graph' }), 'FORBIDDEN');
  });
});

test.for([
  {},
  { text: '' },
  { text: '  ' },
  { text: 'a\0b' },
  { text: 'x'.repeat(501) },
  { text: { $ne: null } },
  { text: ['a'] },
  { text: 'x', limit: 0 },
  { text: 'x', limit: 201 },
  { text: 'x', with: newId() },
])('%j is refused before anything is asked', async (input, { room, counted }) => {
  const { id, ids } = await room();
  const { chat, statements } = await counted(ids.bob);
  await fails(chat.search(id, input as ChatSearchInput), 'VALIDATION');
  expect(statements).toEqual([]);
});

test.for(['x', 'bm90IGEgY3Vyc29y'])('%s is no cursor of a search', async (cursor, { room }) => {
  const { id, bob } = await room();
  await fails(bob.search(id, { text: 'graph', cursor }), 'VALIDATION');
});

test('among many meetings a search reads the index, and of it one meeting', async ({ room, sql }) => {
  const meeting = await room();
  const { id, ids } = meeting;
  await sql(
    `insert into convoke.meeting_chat_messages (id, meeting_id, sender_id, content, sent_at)
     select gen_random_uuid(), m.id, $1, 'tree number ' || n, now() from convoke.meetings m, generate_series(1, 500) n`,
    [newId()],
  );
  await sql('analyze convoke.meeting_chat_messages');
  const text = searchPage.render(tablesOf('convoke'));
  const plan = await sql<{ 'QUERY PLAN': object }>(`explain (analyze, format json) ${text}`, [
    ...[id, ids.bob, 'tree 250', null, null, 51],
  ]);
  const nodes = nodesOf(plan[0]?.['QUERY PLAN']);
  expect(nodes.map((node) => node['Index Name'])).toContain('idx_meeting_chat_messages_search');
  const scan = nodes.find((node) => node['Index Name'] === 'idx_meeting_chat_messages_search');
  expect(scan?.['Actual Rows']).toBe(1);
  await sql(`delete from convoke.meeting_chat_messages where content like 'tree number %'`);
});

type PlanNode = Readonly<Record<string, unknown>>;

function nodesOf(plan: unknown): PlanNode[] {
  if (Array.isArray(plan)) return plan.flatMap(nodesOf);
  if (typeof plan !== 'object' || plan === null) return [];
  const node: PlanNode = { ...plan };
  return [node, ...Object.values(node).flatMap((value) => (typeof value === 'object' ? nodesOf(value) : []))];
}
