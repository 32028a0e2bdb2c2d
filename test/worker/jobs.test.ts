import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, openService, people, test } from '../setup/service.ts';

const seconds = 1_000;

test('every job is there and runs on an empty day', async ({ service }) => {
  const report = await service.worker.runOnce();
  expect(report.failed).toEqual([]);
  expect(Object.keys(report.done)).toEqual([...service.worker.jobs]);
  expect(service.worker.jobs).toEqual([
    'invitations.expire',
    'sessions.reap',
    'nodes.reap',
    'meetings.auto-end',
    'waitlist.repair',
    'polls.close',
    'polls.tally',
    'idempotency.sweep',
  ]);
});

test('a job that does not exist is refused', async ({ service }) => {
  const error = await fails(service.worker.runOnce('meetings.auto-begin'), 'VALIDATION');
  expect(error.message).toContain('meetings.auto-end');
});

describe('invitations.expire', () => {
  const expire = 'invitations.expire';

  test('lets an unanswered invitation lapse at its time, and tells hosts and invitee', async ({
    service,
    scheduled,
    clock,
    events,
  }) => {
    const { id, host } = await scheduled();
    const [ada = '', bob = '', eve = ''] = people(3);
    const expiresAt = new Date(clock.now().getTime() + 10 * minutes);
    const { invitations } = service.as({ userId: host });
    await invitations.invite(id, { inviteeIds: [ada, bob], expiresAt });
    await invitations.invite(id, { inviteeIds: [eve] });
    await service.as({ userId: bob }).invitations.respond(id, { response: 'Accepted' });

    clock.advance(10 * minutes - 1);
    await service.worker.runOnce(expire);
    expect((await invitations.list(id, { status: 'Expired' })).items).toEqual([]);

    clock.advance(1);
    events.length = 0;
    expect(await service.worker.runOnce(expire)).toEqual({ done: { [expire]: 1 }, failed: [] });
    expect((await invitations.list(id)).items.map(({ inviteeId, status }) => [inviteeId, status])).toEqual([
      [ada, 'Expired'],
      [bob, 'Accepted'],
      [eve, 'Pending'],
    ]);
    expect(events).toMatchObject([
      { type: 'invitation.expired', stream: { kind: 'meeting', id }, audience: 'hosts', actorId: null },
      { type: 'invitation.expired', stream: { kind: 'user', id: ada }, data: { meetingId: id, inviteeId: ada } },
    ]);
    await fails(service.as({ userId: ada }).invitations.respond(id, { response: 'Accepted' }), 'EXPIRED');
    expect(await service.worker.runOnce(expire)).toEqual({ done: { [expire]: 0 }, failed: [] });
  });

  test('takes neither a maybe nor a place in line back', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 1 } });
    const [ada = '', bob = ''] = people(2);
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada, bob], expiresAt });
    await service.as({ userId: ada }).invitations.respond(id, { response: 'Tentative' });
    const waiting = await service.as({ userId: bob }).invitations.respond(id, { response: 'Accepted' });
    expect(waiting.waitlistPosition).toBe(1);
    clock.advance(minutes);
    await service.worker.runOnce(expire);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Tentative', 'Invited']);
    const line = await execute(url, `select left_at from convoke.meeting_waitlist_entries where meeting_id = '${id}'`);
    expect(line).toEqual([{ left_at: null }]);
  });
});

describe('sessions.reap', () => {
  const reap = 'sessions.reap';

  test('ends a device that sent heartbeats and fell silent, at the last one plus the grace', async ({
    service,
    running,
    clock,
    events,
  }) => {
    const { id, participants } = await running({ participants: 1 });
    const [ada = ''] = participants;
    clock.advance(20 * seconds);
    const lastSign = clock.now().getTime();
    await service.as({ userId: ada }).participants.heartbeat(id);
    clock.advance(90 * seconds);
    await service.worker.runOnce(reap);
    expect((await service.as({ userId: ada }).meetings.get(id)).currentParticipantsCount).toBe(2);

    clock.advance(1);
    events.length = 0;
    expect(await service.worker.runOnce(reap)).toEqual({ done: { [reap]: 1 }, failed: [] });
    expect((await service.as({ userId: ada }).meetings.get(id)).currentParticipantsCount).toBe(1);
    const { people: attended } = await service.as({ userId: ada }).participants.attendance(id);
    expect(attended[0]?.sessions[0]?.leftAt).toEqual(new Date(lastSign + 90 * seconds));
    expect(events).toMatchObject([
      { type: 'participant.left', data: { userId: ada, reason: 'timed-out' }, audience: 'all', actorId: null },
    ]);
    expect(await service.worker.runOnce(reap)).toEqual({ done: { [reap]: 0 }, failed: [] });
  });

  test('leaves alone whoever has never sent a heartbeat', async ({ service, running, clock }) => {
    const { id, host } = await running({ participants: 1 });
    clock.advance(3 * hours);
    await service.worker.runOnce(reap);
    expect((await service.as({ userId: host }).meetings.get(id)).currentParticipantsCount).toBe(2);
  });

  test('keeps a person present whose other device still beats', async ({ service, running, clock, events }) => {
    const { id, host } = await running();
    const { participants, meetings } = service.as({ userId: host });
    await participants.join(id, { connectionId: 'phone' });
    await participants.heartbeat(id, { connectionId: 'phone' });
    clock.advance(60 * seconds);
    await participants.join(id, { connectionId: 'laptop' });
    await participants.heartbeat(id, { connectionId: 'laptop' });
    clock.advance(60 * seconds);
    events.length = 0;
    expect(await service.worker.runOnce(reap)).toEqual({ done: { [reap]: 0 }, failed: [] });
    expect(events).toEqual([]);
    expect((await meetings.get(id)).currentParticipantsCount).toBe(1);
    const sessions = (await participants.attendance(id)).people[0]?.sessions ?? [];
    expect(sessions.filter(({ leftAt }) => leftAt !== null).map(({ connectionId }) => connectionId)).toEqual(['phone']);
  });
});

describe('meetings.auto-end', () => {
  const autoEnd = 'meetings.auto-end';

  test('ends an empty meeting once it has overrun, with everything that an end brings', async ({
    service,
    running,
    clock,
    events,
  }) => {
    const { id, host, participants } = await running({ participants: 1 });
    clock.advance(30 * minutes);
    for (const userId of [host, ...participants]) await service.as({ userId }).participants.leave(id);
    clock.advance(60 * minutes);
    await service.worker.runOnce(autoEnd);
    expect((await service.as({ userId: host }).meetings.get(id)).status).toBe('InProgress');

    clock.advance(1);
    events.length = 0;
    await service.worker.runOnce(autoEnd);
    const ended = await service.as({ userId: host }).meetings.get(id);
    expect(ended).toMatchObject({ status: 'Completed', actualEndTime: clock.now(), currentParticipantsCount: 0 });
    const ofMeeting = events.filter(({ stream }) => stream.id === id);
    expect(ofMeeting).toMatchObject([
      { type: 'meeting.ended', actorId: null, data: { automatic: true } },
      { type: 'analytics.ready' },
    ]);
    const analytics = await service.as({ userId: host }).engagement.meeting(id);
    expect(analytics).toMatchObject({ totalParticipants: 2, averageAttendanceDurationMinutes: 30 });
  });

  test('ends nothing that somebody is in', async ({ service, running, clock }) => {
    const { id, host } = await running();
    clock.advance(20 * hours);
    await service.worker.runOnce(autoEnd);
    expect((await service.as({ userId: host }).meetings.get(id)).status).toBe('InProgress');
  });

  test('ends a meeting to which nobody ever came, and touches none that never began', async ({
    service,
    running,
    scheduled,
    clock,
  }) => {
    const begun = await running({ participants: 1, present: false });
    const waiting = await scheduled();
    clock.advance(4 * hours);
    await service.worker.runOnce(autoEnd);
    expect((await service.as({ userId: begun.host }).meetings.get(begun.id)).status).toBe('Completed');
    expect((await service.as({ userId: waiting.host }).meetings.get(waiting.id)).status).toBe('Scheduled');
  });

  test('is done once by two workers at once', async ({ service, running, clock, events, url }) => {
    const meetings = [await running({ present: false }), await running({ present: false })];
    clock.advance(2 * hours);
    events.length = 0;
    await using other = await openService(url, { clock });
    const heard: string[] = [];
    other.on('meeting.ended', ({ stream }) => void heard.push(stream.id));
    const reports = await Promise.all([service, other].map(({ worker }) => worker.runOnce(autoEnd)));
    expect(reports.map(({ failed }) => failed)).toEqual([[], []]);
    const ended = [...heard, ...events.filter(({ type }) => type === 'meeting.ended').map(({ stream }) => stream.id)];
    for (const { id } of meetings) expect(ended.filter((one) => one === id)).toEqual([id]);
  });

  test('goes on past a meeting that cannot be ended, and says that it failed', async ({
    service,
    running,
    clock,
    url,
  }) => {
    const [cursed, next] = [await running({ present: false }), await running({ present: false })];
    clock.advance(2 * hours);
    await execute(
      url,
      `create function convoke.refuse() returns trigger language plpgsql as $$ begin raise 'cursed'; end $$;
       create trigger cursed before update on convoke.meetings for each row
         when (new.id = '${cursed.id}') execute function convoke.refuse()`,
    );
    const report = await service.worker.runOnce(autoEnd);
    await execute(url, 'drop function convoke.refuse cascade');
    expect(report).toEqual({ done: {}, failed: [autoEnd] });
    expect((await service.as({ userId: next.host }).meetings.get(next.id)).status).toBe('Completed');
    expect((await service.worker.runOnce(autoEnd)).failed).toEqual([]);
    expect((await service.as({ userId: cursed.host }).meetings.get(cursed.id)).status).toBe('Completed');
  });
});

describe('waitlist.repair', () => {
  test('gives on a seat that came free by hand', async ({ service, scheduled, url, events }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [ada = '', bob = '', eve = ''] = people(3);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada, bob, eve] });
    for (const userId of [ada, bob, eve])
      await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
    await execute(
      url,
      `update convoke.meeting_participants set status = 'Declined', upcoming_at = null
         where meeting_id = '${id}' and auth_user_id = '${ada}';
       update convoke.meeting_invitations set status = 'Declined' where meeting_id = '${id}' and invitee_id = '${ada}'`,
    );
    events.length = 0;
    expect(await service.worker.runOnce('waitlist.repair')).toEqual({ done: { 'waitlist.repair': 1 }, failed: [] });
    expect(events.map(({ type, stream }) => [type, stream.id])).toEqual([
      ['invitation.promoted', id],
      ['invitation.promoted', bob],
    ]);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Declined', 'Accepted', 'Invited']);
    expect(await service.worker.runOnce('waitlist.repair')).toEqual({ done: { 'waitlist.repair': 0 }, failed: [] });
  });
});

describe('idempotency.sweep', () => {
  test('removes keys that no longer answer, and those alone', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled();
    const keys = async () => {
      const rows = await execute<{ key: string }>(
        url,
        `select key from convoke.meeting_idempotency_keys where actor_id = '${host}' order by key`,
      );
      return rows.map(({ key }) => key);
    };
    const [first, second] = [`a${newId()}`, `b${newId()}`];
    const rooms = service.as({ userId: host });
    await rooms.with({ idempotencyKey: first }).meetings.update(id, { title: 'Trees' });
    clock.advance(1);
    await rooms.with({ idempotencyKey: second }).meetings.update(id, { title: 'Graphs' });
    expect(await keys()).toEqual([first, second]);
    clock.advance(24 * hours - 1);
    await service.worker.runOnce('idempotency.sweep');
    expect(await keys()).toEqual([first, second]);
    clock.advance(1);
    await service.worker.runOnce('idempotency.sweep');
    expect(await keys()).toEqual([second]);
  });
});
