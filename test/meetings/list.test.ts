import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { ListInput } from '../../src/meetings/index.ts';
import { fails, hours, minutes, openService, people, test } from '../setup/service.ts';
import { insertAt, listed, pagesOf } from './meeting-list.ts';

describe('pages', () => {
  const dense = Array.from({ length: 60 }, (_, tick) => tick - (tick % 3 === 2 ? 1 : 0));

  test.for<[string, ListInput]>([
    ['ascending', { order: 'asc' }],
    ['descending', { order: 'desc' }],
    ['of what lies ahead', { upcoming: true }],
  ])('%s lose and repeat no row, though rows are a microsecond apart or none', async ([, input], { service, url }) => {
    const host = newId();
    const ids = await insertAt(url, host, dense);
    const expected = input.order === 'desc' ? ids.toReversed() : ids;
    for (const limit of [1, 7, 59, 60, 61]) {
      const pages = await pagesOf(service, host, { ...input, limit });
      expect(pages.flat()).toEqual(expected);
      expect(pages.length, 'a last page is not followed by an empty one').toBe(Math.ceil(60 / limit));
      expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    }
  });

  test('go on behind the last row, whatever came or went meanwhile', async ({ service, url }) => {
    const host = newId();
    const ids = await insertAt(url, host, [10, 20, 30, 40]);
    const first = await service.as({ userId: host }).meetings.list({ limit: 2 });
    const [early = '', late = ''] = await insertAt(url, host, [15, 35]);
    const rest = await service.as({ userId: host }).meetings.list({ limit: 9, cursor: first.nextCursor! });
    expect(rest.items.map(({ id }) => id)).toEqual([ids[2], late, ids[3]]);
    expect(rest.items.map(({ id }) => id)).not.toContain(early);
  });

  test('hold 50 meetings unless told otherwise, at most 200', async ({ service, url }) => {
    const host = newId();
    await insertAt(
      url,
      host,
      Array.from({ length: 51 }, (_, tick) => tick),
    );
    const { meetings } = service.as({ userId: host });
    expect((await meetings.list()).items).toHaveLength(50);
    expect((await meetings.list({ limit: 200 })).items).toHaveLength(51);
    for (const limit of [0, 201, 1.5]) await fails(meetings.list({ limit }), 'VALIDATION');
  });

  test.for(['', 'nonsense', 'WzEsIm1lZXRpbmdzIl0', 'x'.repeat(1025)])(
    'refuse the cursor %o',
    async (cursor, { service }) => {
      await fails(service.as({ userId: newId() }).meetings.list({ cursor }), 'VALIDATION');
    },
  );

  test('refuse the cursor of another list', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    await service.as({ userId: host }).meetings.update(id, { title: 'Trees' });
    const { nextCursor } = await service.as({ userId: host }).meetings.history(id, { limit: 1 });
    await fails(service.as({ userId: host }).meetings.list({ cursor: nextCursor! }), 'VALIDATION');
  });
});

describe('filters', () => {
  test('say what is mine: the roster does, and who was removed is off it', async ({ service, scheduled }) => {
    const [ada = '', bob = ''] = people(2);
    const { id } = await scheduled({ host: ada });
    await service.as({ userId: ada }).invitations.invite(id, { inviteeIds: [bob] });
    expect(await listed(service, bob, {})).toEqual([id]);
    await service.as({ userId: bob }).invitations.respond(id, { response: 'Declined' });
    expect(await listed(service, bob, {})).toEqual([id]);
    await service.as({ userId: ada }).participants.remove(id, bob);
    expect(await listed(service, bob, {})).toEqual([]);
    expect(await listed(service, newId(), { mine: false })).toEqual([]);
  });

  test.for(['partyId', 'guildId', 'classId', 'subjectId'] as const)('by %s', async (field, { service, scheduled }) => {
    const [host = '', ours = '', theirs = ''] = people(3);
    const { id } = await scheduled({ host, [field]: ours });
    await scheduled({ host, [field]: theirs });
    await scheduled({ host });
    expect(await listed(service, host, { [field]: ours })).toEqual([id]);
    expect(await listed(service, host, { [field]: ours.toUpperCase() })).toEqual([id]);
    expect(await listed(service, host, { [field]: newId() })).toEqual([]);
    await fails(listed(service, host, { [field]: 'ours' }), 'VALIDATION');
  });

  test('by creator', async ({ service, scheduled }) => {
    const [ada = '', bob = ''] = people(2);
    const own = await scheduled({ host: ada });
    const other = await scheduled({ host: bob });
    await service.as({ userId: bob }).invitations.invite(other.id, { inviteeIds: [ada] });
    expect(await listed(service, ada, { creatorId: bob })).toEqual([other.id]);
    expect((await listed(service, ada, {})).toSorted()).toEqual([own.id, other.id].toSorted());
  });

  test('by status and type, several at once', async ({ service, scheduled }) => {
    const host = newId();
    const lecture = await scheduled({ host, meetingType: 'Lecture' });
    const social = await scheduled({ host, meetingType: 'Social' });
    await scheduled({ host, meetingType: 'Office Hours' });
    await service.as({ userId: host }).meetings.cancel(social.id);
    expect(await listed(service, host, { statuses: ['Cancelled', 'Completed'] })).toEqual([social.id]);
    const types = await listed(service, host, { meetingTypes: ['Lecture', 'Social'] });
    expect(types.toSorted()).toEqual([lecture.id, social.id].toSorted());
    expect(await listed(service, host, { meetingTypes: ['Lecture', 'Social'], statuses: ['Scheduled'] })).toEqual([
      lecture.id,
    ]);
    expect(await listed(service, host, { statuses: [] })).toEqual([]);
    await fails(listed(service, host, { statuses: ['Running' as 'InProgress'] }), 'VALIDATION');
  });

  test('by time: what overlaps the window, whose ends do not count', async ({ service, scheduled, clock }) => {
    const host = newId();
    const day = clock.now().getTime() + 24 * hours;
    const at = (minute: number) => new Date(day + minute * minutes);
    const { id } = await scheduled({ host, scheduledStartTime: at(60), scheduledEndTime: at(120) });
    const found = (from: number, to: number) => listed(service, host, { from: at(from), to: at(to) });
    expect(await found(0, 60)).toEqual([]);
    expect(await found(0, 61)).toEqual([id]);
    expect(await found(80, 90)).toEqual([id]);
    expect(await found(119, 300)).toEqual([id]);
    expect(await found(120, 300)).toEqual([]);
    expect(await listed(service, host, { from: at(120).toISOString() })).toEqual([]);
    await fails(listed(service, host, { from: 'tomorrow' }), 'VALIDATION');
  });

  test('by series', async ({ service, scheduled }) => {
    const { host } = await scheduled();
    expect(await listed(service, host, { seriesId: newId() })).toEqual([]);
  });

  test('that are unknown are refused', async ({ service }) => {
    const input = { status: 'Scheduled' } as ListInput;
    const error = await fails(service.as({ userId: newId() }).meetings.list(input), 'VALIDATION');
    expect(error.details['fields']).toEqual([{ path: 'status', message: 'is not a known field; leave it out' }]);
  });
});

describe('what lies ahead', () => {
  test('leaves out what is over, off, postponed or declined, in order of time', async ({
    service,
    scheduled,
    clock,
  }) => {
    const [ada = '', bob = ''] = people(2);
    const at = (hour: number) => ({
      scheduledStartTime: new Date(clock.now().getTime() + hour * hours),
      scheduledEndTime: new Date(clock.now().getTime() + (hour + 1) * hours),
    });
    const { meetings, invitations } = service.as({ userId: ada });
    const [late, soon, running, over, cancelled, postponed, declined] = await Promise.all(
      [9, 2, 0, 0, 3, 4, 5].map(async (hour) => (await scheduled({ host: ada, ...at(hour) })).id),
    );
    for (const id of [late, soon, running, over, cancelled, postponed, declined])
      await invitations.invite(id!, { inviteeIds: [bob] });
    await meetings.start(running!);
    await meetings.start(over!);
    await meetings.end(over!);
    await meetings.cancel(cancelled!);
    await meetings.postpone(postponed!);
    await service.as({ userId: bob }).invitations.respond(declined!, { response: 'Declined' });
    const ahead = [running, soon, late];
    expect(await listed(service, bob, { upcoming: true })).toEqual(ahead);
    // The same question with any further filter is answered by another statement, and means the same.
    expect(await listed(service, bob, { upcoming: true, order: 'desc' })).toEqual(ahead.toReversed());
    expect(await listed(service, bob, { upcoming: true, creatorId: ada })).toEqual(ahead);
    expect(await listed(service, bob, { upcoming: true, mine: false })).toEqual(ahead);
    expect(await listed(service, bob, { upcoming: true, statuses: ['InProgress'] })).toEqual([running]);
    expect(await listed(service, bob, { upcoming: true, statuses: ['Completed', 'Cancelled'] })).toEqual([]);
    expect(await listed(service, ada, { upcoming: true })).toEqual([running, soon, declined, late]);
    await meetings.reschedule(postponed!, at(6));
    expect(await listed(service, bob, { upcoming: true })).toEqual([running, soon, postponed, late]);
  });
});

describe('the system', () => {
  test('sees all meetings, whoever they belong to', async ({ service, scheduled }) => {
    const guildId = newId();
    const ids = [(await scheduled({ guildId })).id, (await scheduled({ guildId })).id];
    expect((await listed(service, null, { guildId })).toSorted()).toEqual(ids.toSorted());
    expect((await listed(service, null, { guildId, upcoming: true, limit: 1 })).toSorted()).toEqual(ids.toSorted());
  });
});

describe('a visibility policy', () => {
  test('shows outsiders what it says, in the list and alone, and tells it no more than it needs', async ({
    url,
    clock,
    scheduled,
    service: owner,
  }) => {
    const [guildId = '', outsider = ''] = people(2);
    const asked: unknown[] = [];
    await using service = await openService(url, {
      clock,
      policy: {
        visibility: {
          isVisibleToOutsider: (actorId, meeting) => {
            asked.push([actorId, meeting]);
            return Promise.resolve(meeting.guildId === guildId);
          },
        },
      },
    });
    const open = await scheduled({ guildId });
    const closed = await scheduled();
    expect(await listed(service, outsider, { mine: false, creatorId: open.host })).toEqual([open.id]);
    expect(await listed(service, outsider, { mine: false, creatorId: closed.host })).toEqual([]);
    expect(await listed(service, outsider, { guildId })).toEqual([]);
    const rooms = service.as({ userId: outsider });
    expect(await rooms.meetings.get(open.id)).toEqual(open.meeting);
    await fails(rooms.meetings.get(closed.id), 'NOT_FOUND');
    const nothing = { partyId: null, classId: null, subjectId: null };
    const facts = [
      [outsider, { meetingId: open.id, creatorId: open.host, guildId, ...nothing }],
      [outsider, { meetingId: closed.id, creatorId: closed.host, guildId: null, ...nothing }],
    ];
    expect(asked).toEqual([...facts, ...facts]);
    // Seeing is all that it grants.
    await fails(rooms.meetings.joinInfo(open.id), 'NOT_FOUND');
    await fails(rooms.participants.list(open.id), 'NOT_FOUND');
    await fails(owner.as({ userId: outsider }).meetings.get(open.id), 'NOT_FOUND');
  });

  test('is not asked about what a person belongs to, nor by the system', async ({ url, clock, scheduled }) => {
    let asked = 0;
    const isVisibleToOutsider = () => {
      asked++;
      return false;
    };
    await using service = await openService(url, { clock, policy: { visibility: { isVisibleToOutsider } } });
    const { id, host } = await scheduled();
    expect(await listed(service, host, { mine: false, creatorId: host })).toEqual([id]);
    expect(await listed(service, null, { creatorId: host })).toEqual([id]);
    await service.as({ userId: host }).meetings.get(id);
    expect(asked).toBe(0);
  });

  test('that hides much leaves pages short, and the cursor still leads to the end', async ({ url, clock }) => {
    const [host = '', outsider = ''] = people(2);
    const ids = await insertAt(
      url,
      host,
      Array.from({ length: 90 }, (_, tick) => tick),
    );
    const shown = new Set([ids[5], ids[40], ids[88]]);
    const visibility = {
      isVisibleToOutsider: (_: string, { meetingId }: { meetingId: string }) => shown.has(meetingId),
    };
    await using service = await openService(url, { clock, policy: { visibility } });
    for (const order of ['asc', 'desc'] as const) {
      const pages = await pagesOf(service, outsider, { mine: false, creatorId: host, limit: 2, order });
      const expected = [ids[5], ids[40], ids[88]];
      expect(pages.flat()).toEqual(order === 'asc' ? expected : expected.toReversed());
      expect(pages.every((page) => page.length <= 2)).toBe(true);
    }
  });

  test('loses and repeats nothing, whatever it hides', async ({ url, clock }) => {
    const [host = '', outsider = ''] = people(2);
    const ids = await insertAt(url, host, [0, 1, 2, 3, 4, 5]);
    let hidden = 0;
    const isVisibleToOutsider = (_: string, { meetingId }: { meetingId: string }) =>
      (hidden & (1 << ids.indexOf(meetingId))) === 0;
    await using service = await openService(url, { clock, policy: { visibility: { isVisibleToOutsider } } });
    for (hidden = 0; hidden < 2 ** ids.length; hidden++) {
      const pages = await pagesOf(service, outsider, { mine: false, creatorId: host, limit: 2 });
      expect(pages.flat(), `hidden: ${hidden.toString(2)}`).toEqual(ids.filter((_, at) => (hidden & (1 << at)) === 0));
    }
  });

  test('that fails refuses the call', async ({ url, clock, scheduled }) => {
    const { id } = await scheduled();
    const visibility = { isVisibleToOutsider: () => Promise.reject(new Error('the guild service is down')) };
    await using service = await openService(url, { clock, policy: { visibility } });
    const error = await fails(service.as({ userId: newId() }).meetings.get(id), 'INTERNAL');
    expect(JSON.stringify(error)).not.toContain('guild service');
  });
});
