import { expect, test } from 'vitest';
import { placeOf } from '../../src/client/cursor.ts';
import { cursorOf } from '../../src/client/index.ts';
import { formatCursor, parseCursor } from '../../src/realtime/cursor.ts';
import { epoch } from './stage.ts';

test('a cursor is written and read as the server does', () => {
  for (const place of [
    { epoch, seq: 0 },
    { epoch, seq: 12 },
    { epoch, seq: Number.MAX_SAFE_INTEGER },
  ]) {
    expect(cursorOf(place)).toBe(formatCursor(place));
    expect(placeOf(cursorOf(place))).toEqual(place);
    expect(parseCursor(cursorOf(place))).toEqual(place);
  }
});

test.each(['', ':', '5', `${epoch}:`, `${epoch}:-1`, `${epoch}:1.5`, `a:${epoch}:1`, `${epoch}:1 `])(
  '%j is none',
  (text) => {
    expect(placeOf(text)).toBeNull();
  },
);
