import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { encodeCursor } from '../../src/core/page.ts';
import type { PlainClient } from '../../src/database/plain-client.ts';
import type { Rooms } from '../../src/rooms.ts';
import { fails, test } from '../setup/service.ts';

type List = (rooms: Rooms, id: string, cursor: string) => Promise<unknown>;

/** Every list that goes on by cursor, and what it calls its own ones. */
const lists: Readonly<Record<string, List>> = {
  meetings: (rooms, _id, cursor) => rooms.meetings.list({ cursor }),
  history: (rooms, id, cursor) => rooms.meetings.history(id, { cursor }),
  roster: (rooms, id, cursor) => rooms.participants.list(id, { cursor }),
  invitations: (rooms, id, cursor) => rooms.invitations.list(id, { cursor }),
  'my-invitations': (rooms, _id, cursor) => rooms.invitations.mine({ cursor }),
  'chat-search': (rooms, id, cursor) => rooms.chat.search(id, { text: 'tree', cursor }),
  polls: (rooms, id, cursor) => rooms.polls.list(id, { cursor }),
  voters: (rooms, id, cursor) => rooms.polls.voters(id, { cursor }),
  engagement: (rooms, id, cursor) => rooms.engagement.participants(id, { cursor }),
};

test.for(Object.entries(lists))(
  'a cursor that %s cannot go on from is refused before the database is asked',
  async ([kind, list], { service }) => {
    const asked: string[] = [];
    const client: PlainClient = {
      query(text) {
        asked.push(text);
        return Promise.resolve({ rows: [] });
      },
    };
    const rooms = service.as({ userId: newId() }, { client });
    const others = [encodeCursor('another', [newId()]), encodeCursor(kind, []), encodeCursor(kind, ['x', 'x'])];
    for (const cursor of ['no cursor', '!', ...others]) {
      const { details } = await fails(list(rooms, newId(), cursor), 'VALIDATION');
      expect(details).toMatchObject({ fields: [{ path: 'cursor' }] });
    }
    expect(asked).toEqual([]);
  },
);
