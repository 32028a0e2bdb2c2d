import { expect, test } from 'vitest';
import { blanking } from '../../src/chat/chat.events.ts';
import type { StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { event } from '../events/event.ts';

const stream = { kind: 'meeting', id: newId() } as const;
const about = (type: string, seq: number, messageId = 'one'): StreamEvent =>
  event({ type: `chat.message.${type}`, seq, stream, data: { messageId } });

test('an edit and a deletion blank what told the same message’s words before, and nothing else', () => {
  const all = [
    about('sent', 1),
    about('sent', 2, 'two'),
    about('edited', 3),
    about('edited', 4, 'two'),
    about('edited', 5),
    about('deleted', 6),
  ];
  const elsewhere = { ...about('sent', 1), stream: { ...stream, id: newId() } };
  const blanked = all.map((by) =>
    [...all, elsewhere].filter((earlier) => blanking(by)?.(earlier)).map(({ seq }) => seq),
  );
  expect(blanked).toEqual([[], [], [1], [2], [1, 3], [1, 3, 5]]);
});

test('other events blank nothing, also if they speak of a message', () => {
  expect(blanking(about('sent', 1))).toBeNull();
  expect(blanking(event({ type: 'participant.left', data: { messageId: 'one' } }))).toBeNull();
});
