import { describe, expect, test } from 'vitest';
import { isOver, isSameMessage, placesOf, refuseReply, unfit } from '../../src/chat/chat.rules.ts';
import { newId } from '../../src/core/identifier.ts';

describe('emoji', () => {
  const emoji = {
    'a smile': '😀',
    'eight of them': '😀'.repeat(8),
    'a thumb of some colour': '👍🏽',
    'a family, which is seven code points': '👨‍👩‍👧‍👦',
    'a flag of two letters': '🇩🇪',
    'a flag made of tags': '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'a key cap': '1️⃣',
    'a heart without its variation selector': '❤',
    'a flag whose variation selector a keyboard left out': '🏳‍🌈',
    'two of different kinds': '👍🏽🇩🇪',
  };
  test.each(Object.entries(emoji))('%s is one', (_, content) => {
    expect(unfit('Emoji', content)).toBeNull();
  });

  const others = {
    'nine of them': '😀'.repeat(9),
    'a letter': 'a',
    'a digit, which is half of a key cap': '1',
    'a sign of which key caps are made': '#',
    'half of a flag': '🇩',
    'an emoji and a word': '😀 fine',
    'two with a space between them': '😀 😀',
    'a joiner alone': '\u200d',
    'a variation selector alone': '\ufe0f',
    'a heart as text': '❤\ufe0e',
    'an emoji that carries a hundred joined others': `😀${'\u200d😀'.repeat(100)}`,
  };
  test.each(Object.entries(others))('%s is not', (_, content) => {
    expect(unfit('Emoji', content)).toBe('must be one to 8 emoji and nothing else');
  });
});

test.each(['https://example.org/a?b=c#d', 'http://localhost:8080'])('%s is a link', (content) => {
  expect(unfit('Link', content)).toBeNull();
});

test.each([
  'see https://example.org',
  'https://example.org https://example.com',
  'https://example.org\n',
  'ftp://example.org',
  'javascript:alert(1)',
  'https://ada:secret@example.org',
  'example.org',
])('%j is not', (content) => {
  expect(unfit('Link', content)).toContain('must be one http or https address');
});

test('a file is named by its id, in any letter case', () => {
  expect(unfit('File', newId())).toBeNull();
  expect(unfit('File', newId().toUpperCase())).toBeNull();
  expect(unfit('File', 'notes.pdf')).toBe('must be the id of an attachment of this meeting');
});

test.each(['Text', 'System'] as const)('%s may be anything', (type) => {
  expect(unfit(type, 'anything 😀 https://example.org')).toBeNull();
});

describe('an answer', () => {
  const fine = { visible: true, deleted: false, system: false, sameConversation: true };
  test('is fine to a message of the same conversation', () => {
    expect(refuseReply(fine)).toBeNull();
  });
  test.each([
    [{ visible: false }, 'NOT_FOUND'],
    [{ visible: false, deleted: true, system: true, sameConversation: false }, 'NOT_FOUND'],
    [{ deleted: true }, 'CONFLICT'],
    [{ system: true }, 'CONFLICT'],
    [{ sameConversation: false }, 'CONFLICT'],
  ])('to one that is %o is %s', (facts, code) => {
    expect(refuseReply({ ...fine, ...facts })).toMatchObject({ code });
  });
});

describe('the same message once more', () => {
  const [answered, recipient] = [newId(), newId()];
  const sent = { content: 'Hello', messageType: 'Text' as const, replyToMessageId: answered, recipientId: recipient };
  test.each([
    [{}, true],
    [{ content: 'Hello!' }, false],
    [{ messageType: 'Emoji' as const }, false],
    [{ replyToMessageId: null }, false],
    [{ recipientId: null }, false],
    [{ recipientId: newId() }, false],
  ])('%o: %s', (change, same) => {
    expect(isSameMessage({ ...sent, rewritten: false }, { ...sent, ...change })).toBe(same);
  });

  test('words that were changed or taken back meanwhile are not compared, all else is', () => {
    expect(isSameMessage({ ...sent, content: 'Bye', rewritten: true }, sent)).toBe(true);
    expect(isSameMessage({ ...sent, content: null, rewritten: true }, sent)).toBe(true);
    expect(isSameMessage({ ...sent, content: null, rewritten: true, recipientId: null }, sent)).toBe(false);
  });
});

test('time is over after the last millisecond of the last minute, and never without a limit', () => {
  const sentAt = new Date('2026-03-02T09:00:00.000Z');
  const after = (milliseconds: number) => new Date(sentAt.getTime() + milliseconds);
  expect(isOver(sentAt, 15, after(900_000))).toBe(false);
  expect(isOver(sentAt, 15, after(900_001))).toBe(true);
  expect(isOver(sentAt, 0, after(1))).toBe(true);
  expect(isOver(sentAt, null, after(1e12))).toBe(false);
});

const found = (searched: string, content: string) =>
  placesOf(searched, content).map(({ start, end }) => content.slice(start, end));

describe('the places of words', () => {
  test.each([
    ['graph', 'A graph is no Graph of graphs.', ['graph', 'Graph']],
    ['graph tree', 'trees, a tree and a graph', ['tree', 'graph']],
    ['"spanning tree"', 'a spanning tree', ['spanning', 'tree']],
    ['graph -tree', 'no tree in this graph', ['graph']],
    ['graph -"spanning tree"', 'a spanning tree of a graph', ['graph']],
    ['größe', 'Die GRÖSSE und die Größe', ['Größe']],
    ['naïve', '😀 a naïve 😀 idea', ['naïve']],
    ['<b>', 'tag <b>bold</b>', ['b', 'b']],
    ['!!!', 'nothing!!!', []],
    ['graph', '', []],
  ])('%s in %j', (searched, content, words) => {
    expect(found(searched, content)).toEqual(words);
  });
});
