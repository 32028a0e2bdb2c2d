import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { History } from '../../src/meetings/index.ts';
import { fails, minutes, people, type RunningMeeting, type RunningOptions, test } from '../setup/service.ts';

interface Story {
  readonly id: string;
  readonly host: string;
  readonly cohost: string;
  readonly ada: string;
  readonly observer: string;
}

/** A meeting with one event of every audience, about people of every rank. */
async function story(
  service: MeetingService,
  running: (options: RunningOptions) => Promise<RunningMeeting>,
): Promise<Story> {
  const { id, host } = await running({ present: false });
  const [cohost = '', ada = '', observer = ''] = people(3);
  const { invitations, participants, meetings } = service.as({ userId: host });
  await invitations.invite(id, { inviteeIds: [cohost], role: 'CoHost' });
  await invitations.invite(id, { inviteeIds: [ada] });
  await invitations.invite(id, { inviteeIds: [observer], role: 'Observer' });
  for (const userId of [host, cohost, ada, observer]) await service.as({ userId }).participants.join(id);
  await service.as({ userId: ada }).participants.raiseHand(id);
  await service.as({ userId: ada }).participants.reportIssue(id, { kind: 'audio' });
  await participants.setRole(id, ada, 'Presenter');
  await service.as({ userId: ada }).participants.leave(id);
  await service.as({ userId: observer }).participants.leave(id);
  await meetings.end(id);
  return { id, host, cohost, ada, observer };
}

const told = ({ items }: History) => items.map(({ type, data }) => ('userId' in data ? [type, data.userId] : [type]));

describe('the history', () => {
  test('is what happened to the meeting and its people, oldest first, for its hosts', async ({ service, running }) => {
    const { id, host, cohost, ada, observer } = await story(service, running);
    const seen = await service.as({ userId: host }).meetings.history(id);
    expect(told(seen)).toEqual([
      ...[['meeting.scheduled'], ['meeting.started']],
      ...[['invitation.sent'], ['invitation.sent'], ['invitation.sent']],
      ['participant.joined', host],
      ...[cohost, ada, observer].flatMap((userId) => [['participant.joined', userId], ['invitation.accepted']]),
      ['participant.hand-raised', ada],
      ['participant.issue-reported', ada],
      ['participant.role-changed', ada],
      ['participant.left', ada],
      ['participant.left', observer],
      ['meeting.ended'],
    ]);
    expect(seen).toMatchObject({ hidden: 0, nextCursor: null });
    const numbers = seen.items.map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(await service.as({ userId: cohost }).meetings.history(id)).toEqual(seen);
    expect(await service.asSystem().meetings.history(id)).toEqual(seen);
  });

  test('leaves what is for hosts out for participants', async ({ service, running }) => {
    const { id, host, cohost, ada, observer } = await story(service, running);
    const seen = await service.as({ userId: ada }).meetings.history(id);
    expect(told(seen)).toEqual([
      ...[['meeting.scheduled'], ['meeting.started']],
      ...[host, cohost, ada, observer].map((userId) => ['participant.joined', userId]),
      ['participant.hand-raised', ada],
      ['participant.role-changed', ada],
      ['participant.left', ada],
      ['participant.left', observer],
      ['meeting.ended'],
    ]);
    expect(seen.hidden).toBe(0);
  });

  test('tells observers of hosts and of themselves, and of others only how much', async ({ service, running }) => {
    const { id, host, cohost, ada, observer } = await story(service, running);
    const seen = await service.as({ userId: observer }).meetings.history(id);
    expect(told(seen)).toEqual([
      ...[['meeting.scheduled'], ['meeting.started']],
      ...[host, cohost, observer].map((userId) => ['participant.joined', userId]),
      ['participant.left', observer],
      ['meeting.ended'],
    ]);
    expect(seen.hidden).toBe(4);
    expect(JSON.stringify(seen)).not.toContain(ada);
  });

  test('is closed to outsiders and to those who were removed', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    await service.as({ userId: host }).participants.remove(id, participants[0]!);
    for (const userId of [newId(), participants[0]!])
      await fails(service.as({ userId }).meetings.history(id), 'NOT_FOUND');
  });

  test('knows nothing of other meetings', async ({ service, scheduled }) => {
    const host = newId();
    const [one] = [await scheduled({ host }), await scheduled({ host })];
    const { items } = await service.as({ userId: host }).meetings.history(one.id);
    expect(items).toHaveLength(1);
    expect(items[0]?.stream).toEqual({ kind: 'meeting', id: one.id });
  });

  test('keeps the reasons and the former times', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    await meetings.postpone(id, { reason: 'Flooded' });
    const scheduledStartTime = new Date(clock.now().getTime() + 90 * minutes);
    await meetings.reschedule(id, {
      scheduledStartTime,
      scheduledEndTime: new Date(scheduledStartTime.getTime() + minutes),
    });
    await meetings.cancel(id, { reason: 'Still wet' });
    const { items } = await meetings.history(id);
    expect(items.map(({ type, data }) => [type, data['reason'] ?? data['formerStartTime']])).toEqual([
      ['meeting.scheduled', undefined],
      ['meeting.postponed', 'Flooded'],
      ['meeting.rescheduled', '2026-03-02T10:00:00.000Z'],
      ['meeting.cancelled', 'Still wet'],
    ]);
  });
});

describe('pages', () => {
  test.for([1, 2, 5, 200])(
    'of %i lose and repeat nothing, for whoever turns them',
    async (limit, { service, running }) => {
      const { id, host, ada, observer } = await story(service, running);
      for (const userId of [host, ada, observer]) {
        const { meetings } = service.as({ userId });
        const whole = await meetings.history(id);
        const pages: History[] = [];
        for (let cursor: string | null = null; ;) {
          const page: History = await meetings.history(id, { limit, ...(cursor === null ? {} : { cursor }) });
          pages.push(page);
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        expect(pages.flatMap(({ items }) => items)).toEqual(whole.items);
        expect(pages.reduce((sum, { hidden }) => sum + hidden, 0)).toBe(whole.hidden);
        expect(pages.every(({ items, hidden }) => items.length + hidden <= limit)).toBe(true);
        // The cursor stands behind what may be seen: it tells no number that is hidden.
        expect(pages).toHaveLength(Math.max(1, Math.ceil((whole.items.length + whole.hidden) / limit)));
      }
    },
  );

  test('refuse a foreign cursor and a limit out of bounds', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    for (const input of [{ cursor: 'x' }, { limit: 0 }, { limit: 201 }])
      await fails(meetings.history(id, input), 'VALIDATION');
  });
});
