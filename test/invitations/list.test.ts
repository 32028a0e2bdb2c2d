import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { InvitationView } from '../../src/invitations/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, people, start, test } from '../setup/service.ts';

interface InvitationPage {
  readonly items: readonly InvitationView[];
  readonly nextCursor: string | null;
}

async function all(read: (cursor: { cursor?: string }) => Promise<InvitationPage>): Promise<InvitationView[][]> {
  const pages: InvitationView[][] = [];
  let cursor: string | null = null;
  do {
    const page: InvitationPage = await read(cursor === null ? {} : { cursor });
    pages.push([...page.items]);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

describe('list', () => {
  test('gives hosts and the system all invitations in the order of asking', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled();
    const guests = people(3);
    const rooms = service.as({ userId: host }).invitations;
    for (const guest of guests) {
      clock.advance(minutes);
      await rooms.invite(id, { inviteeIds: [guest], ...(guest === guests[0] && { role: 'CoHost' }) });
    }
    for (const reader of [rooms, service.as({ userId: guests[0]! }).invitations, service.asSystem().invitations]) {
      const { items, nextCursor } = await reader.list(id);
      expect(items.map(({ inviteeId }) => inviteeId)).toEqual(guests);
      expect(nextCursor).toBeNull();
    }
  });

  test('gives others what they sent or got', async ({ service, running, clock }) => {
    const { id, participants } = await running({ ...{ participants: 2, settings: { participantsMayInvite: true } } });
    const [sender, other] = participants as [string, string];
    clock.advance(minutes);
    const [mine, theirs] = people(2) as [string, string];
    await service.as({ userId: sender }).invitations.invite(id, { inviteeIds: [mine] });
    await service.as({ userId: other }).invitations.invite(id, { inviteeIds: [theirs] });
    const seen = async (userId: string) =>
      (await service.as({ userId }).invitations.list(id)).items.map(({ inviteeId }) => inviteeId);
    expect(await seen(sender)).toEqual([sender, mine]);
    expect(await seen(other)).toEqual([other, theirs]);
    expect(await seen(theirs)).toEqual([theirs]);
  });

  test('gives a member without any an empty page, and an outsider nothing', async ({ service, running }) => {
    const { id, host } = await running({ settings: { openJoin: true } });
    const [walkIn] = people(1) as [string];
    await service.as({ userId: walkIn }).participants.join(id);
    const rooms = service.as({ userId: walkIn }).invitations;
    expect(await rooms.list(id)).toEqual({ items: [], nextCursor: null });
    const unknown = await fails(service.as({ userId: newId() }).invitations.list(newId()), 'NOT_FOUND');
    expect((await fails(service.as({ userId: newId() }).invitations.list(id), 'NOT_FOUND')).toJSON()).toEqual(
      unknown.toJSON(),
    );
    await service.as({ userId: host }).participants.remove(id, walkIn);
    expect((await fails(rooms.list(id), 'NOT_FOUND')).toJSON()).toEqual(unknown.toJSON());
  });

  test('shows whoever was removed their own, which was taken back', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest, newId()] });
    await service.as({ userId: host }).participants.remove(id, guest);
    const { items } = await service.as({ userId: guest }).invitations.list(id);
    expect(items).toMatchObject([{ inviteeId: guest, status: 'Expired' }]);
  });

  test('comes in pages that miss and repeat nothing, by status if wanted', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const guests = people(7);
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: guests });
    const pages = await all((cursor) => rooms.list(id, { limit: 3, ...cursor }));
    expect(pages.map((items) => items.length)).toEqual([3, 3, 1]);
    expect(
      pages
        .flat()
        .map(({ inviteeId }) => inviteeId)
        .toSorted(),
    ).toEqual(guests.toSorted());
    const declined = guests.slice(0, 4);
    for (const userId of declined) await service.as({ userId }).invitations.respond(id, { response: 'Declined' });
    const filtered = await all((cursor) => rooms.list(id, { limit: 2, status: 'Declined', ...cursor }));
    expect(filtered.map((items) => items.length)).toEqual([2, 2]);
    expect(
      filtered
        .flat()
        .map(({ inviteeId }) => inviteeId)
        .toSorted(),
    ).toEqual(declined.toSorted());
    await fails(rooms.list(id, { limit: 0 }), 'VALIDATION');
    await fails(rooms.list(id, { limit: 201 }), 'VALIDATION');
    await fails(rooms.list(id, { cursor: 'nonsense' }), 'VALIDATION');
  });

  test('pages over instants that others wrote to the microsecond', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const guests = people(5);
    for (const [n, guest] of guests.entries())
      await execute(
        url,
        `insert into convoke.meeting_invitations (meeting_id, inviter_id, invitee_id, invited_at)
         values ('${id}', '${host}', '${guest}', timestamptz '${start}' + interval '${n} microseconds')`,
      );
    const pages = await all((cursor) => service.as({ userId: host }).invitations.list(id, { limit: 2, ...cursor }));
    expect(pages.flat().map(({ inviteeId }) => inviteeId)).toEqual(guests);
  });
});

describe('mine', () => {
  test("gives a person's invitations to all meetings, newest first, in pages and by status", async ({
    service,
    scheduled,
    clock,
  }) => {
    const [guest] = people(1) as [string];
    const meetings: string[] = [];
    for (let n = 0; n < 5; n++) {
      const { id, host } = await scheduled();
      await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest, newId()] });
      meetings.unshift(id);
      clock.advance(minutes);
    }
    const rooms = service.as({ userId: guest }).invitations;
    const pages = await all((cursor) => rooms.mine({ limit: 2, ...cursor }));
    expect(pages.map((items) => items.length)).toEqual([2, 2, 1]);
    expect(pages.flat().map(({ meetingId }) => meetingId)).toEqual(meetings);
    expect(pages.flat().every(({ inviteeId }) => inviteeId === guest)).toBe(true);
    await rooms.respond(meetings[1]!, { response: 'Accepted' });
    expect((await rooms.mine({ status: 'Accepted' })).items.map(({ meetingId }) => meetingId)).toEqual([meetings[1]]);
    expect((await rooms.mine({ status: 'Pending' })).items).toHaveLength(4);
    expect((await rooms.mine({ status: 'Expired' })).items).toEqual([]);
  });

  test('is empty for whoever was never asked, and nothing for the system', async ({ service }) => {
    expect(await service.as({ userId: newId() }).invitations.mine()).toEqual({ items: [], nextCursor: null });
    await fails(service.asSystem().invitations.mine(), 'FORBIDDEN');
  });

  test('takes no cursor of another list', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: [guest, newId()] });
    const { nextCursor } = await rooms.list(id, { limit: 1 });
    await fails(service.as({ userId: guest }).invitations.mine({ cursor: nextCursor! }), 'VALIDATION');
  });
});
