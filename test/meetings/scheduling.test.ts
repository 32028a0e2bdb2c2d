import { describe, expect } from 'vitest';
import { meetingTypes } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import type { ScheduleInput } from '../../src/meetings/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, start, test, unchanged } from '../setup/service.ts';

const days = 24 * hours;

function at(milliseconds: number): Date {
  return new Date(Date.parse(start) + milliseconds);
}

const wish = {
  title: 'Graph theory',
  meetingType: 'StudySession',
  scheduledStartTime: at(hours),
  scheduledEndTime: at(2 * hours),
} satisfies ScheduleInput;

describe('a meeting that is scheduled', () => {
  test('is given back as it was wished, with what was left out as null or default', async ({ service, clock }) => {
    const userId = newId();
    const meeting = await service.as({ userId }).meetings.schedule(wish);
    expect(meeting).toEqual({
      ...wish,
      id: expect.any(String),
      creatorId: userId,
      ...{ description: null, partyId: null, guildId: null, classId: null, subjectId: null },
      ...{ actualStartTime: null, actualEndTime: null, timezone: 'UTC' },
      ...{ maxParticipants: null, currentParticipantsCount: 0, status: 'Scheduled' },
      ...{ isRecurring: false, recurrencePattern: null, recordingEnabled: false },
      ...{ hasPassword: false, hasRecording: false, seriesId: null, templateId: null },
      ...{ settings: {}, version: 1, createdAt: clock.now(), updatedAt: clock.now() },
    });
    expect(Object.isFrozen(meeting)).toBe(true);
    expect(await service.as({ userId }).meetings.get(meeting.id)).toEqual(meeting);
  });

  test('keeps everything it can be given, except that secrets and links stay out of sight', async ({
    service,
    url,
  }) => {
    const userId = newId();
    const [partyId, guildId, classId, subjectId] = [newId(), newId(), newId(), newId()];
    const settings = {
      ...{ coHostMayStart: false, coHostMayEnd: false, participantsMayInvite: true, participantsMayUpload: false },
      ...{ openJoin: true, publishRecording: true, publishMinutes: true, scoreHosts: true, limitAcceptances: 3 },
      privateChat: 'hostsOnly',
      attendanceThreshold: { share: 0.5 },
    } as const;
    const open = {
      ...{ ...wish, description: 'Chapter 3\nand 4', partyId, guildId, classId, subjectId, maxParticipants: 7 },
      ...{ timezone: 'Europe/Berlin', recordingEnabled: true, settings },
    };
    const secret = { meetingUrl: 'https://video.example/room/9', meetingPassword: 'correct horse' };
    const meeting = await service.as({ userId }).meetings.schedule({ ...open, ...secret });
    expect(meeting).toMatchObject({ ...open, hasPassword: true });
    expect(JSON.stringify(meeting)).not.toMatch(/correct horse|scrypt|video\.example/);
    const [row] = await execute(
      url,
      `select meeting_url, meeting_password from convoke.meetings where id = '${meeting.id}'`,
    );
    expect(row).toEqual({ meeting_url: secret.meetingUrl, meeting_password: expect.stringMatching(/^\$scrypt\$/) });
  });

  test('has its creator as Host, accepted, with the meeting ahead', async ({ service }) => {
    const userId = newId();
    const { id } = await service.as({ userId }).meetings.schedule(wish);
    const { items } = await service.as({ userId }).participants.list(id);
    expect(items).toMatchObject([{ authUserId: userId, role: 'Host', status: 'Accepted', isPresent: false }]);
    const { items: ahead } = await service.as({ userId }).meetings.list({ upcoming: true });
    expect(ahead.map((meeting) => meeting.id)).toEqual([id]);
  });

  test('is announced once, as the first of its events', async ({ service, events }) => {
    const userId = newId();
    const { id } = await service.as({ userId }).meetings.schedule(wish);
    expect(events).toEqual([
      {
        ...{ id: expect.any(String), epoch: expect.any(String), seq: 1, prev: 0, time: start },
        ...{ type: 'meeting.scheduled', stream: { kind: 'meeting', id }, audience: 'all', actorId: userId },
        data: {
          ...{ title: 'Graph theory', meetingType: 'StudySession', timezone: 'UTC' },
          ...{ scheduledStartTime: '2026-03-02T10:00:00.000Z', scheduledEndTime: '2026-03-02T11:00:00.000Z' },
        },
      },
    ]);
  });

  test('takes instants as text with an offset, ids in any letter case and every type there is', async ({ service }) => {
    const userId = newId();
    for (const meetingType of meetingTypes) {
      const meeting = await service.as({ userId }).meetings.schedule({
        ...{ title: '🎓', meetingType, guildId: userId.toUpperCase() },
        scheduledStartTime: '2026-03-02T11:00:00.123456+01:00',
        scheduledEndTime: '2026-03-02T10:30:00Z',
      });
      expect(meeting).toMatchObject({ meetingType, guildId: userId });
      expect(meeting.scheduledStartTime).toEqual(new Date('2026-03-02T10:00:00.123Z'));
    }
  });
});

describe('is refused, and nothing is stored, when', () => {
  test.for<[string, Record<string, unknown>, string, RegExp]>([
    ['the title is missing', { title: undefined }, 'title', /is required/],
    ['the title is blank', { title: ' \u200B' }, 'title', /must not be blank/],
    ['the title has two lines', { title: 'a\nb' }, 'title', /line breaks/],
    ['the title is too long', { title: 'x'.repeat(256) }, 'title', /at most 255/],
    ['the description is too long', { description: 'x'.repeat(10_001) }, 'description', /at most 10000/],
    ['the description holds a NUL', { description: 'a\0' }, 'description', /control characters/],
    ['the type is unknown', { meetingType: 'Party' }, 'meetingType', /one of StudySession/],
    ['the start is missing', { scheduledStartTime: undefined }, 'scheduledStartTime', /is required/],
    ['the start is a wall-clock time', { scheduledStartTime: '2026-03-02T10:00:00' }, 'scheduledStartTime', /offset/],
    ['the start is no time', { scheduledStartTime: new Date(NaN) }, 'scheduledStartTime', /Date or an ISO/],
    ['it ends as it starts', { scheduledEndTime: at(hours) }, 'scheduledEndTime', /after scheduledStartTime/],
    ['it ends before it starts', { scheduledEndTime: at(0) }, 'scheduledEndTime', /after scheduledStartTime/],
    ['it is too long', { scheduledEndTime: at(hours + 7 * days + 1) }, 'scheduledEndTime', /at most 7 days/],
    ['it is in the past', { scheduledStartTime: at(-5 * minutes - 1) }, 'scheduledStartTime', /lie in the past/],
    ['the zone is an offset', { timezone: '+02:00' }, 'timezone', /IANA/],
    ['the zone is an abbreviation', { timezone: 'IST' }, 'timezone', /IANA/],
    ['the zone does not exist', { timezone: 'Europe/Atlantis' }, 'timezone', /IANA/],
    ['nobody fits in', { maxParticipants: 0 }, 'maxParticipants', /at least 1/],
    ['seats come in parts', { maxParticipants: 1.5 }, 'maxParticipants', /number/],
    ['the link is no web address', { meetingUrl: 'javascript:alert(1)' }, 'meetingUrl', /http or https/],
    ['the link carries a login', { meetingUrl: 'https://a:b@c.example' }, 'meetingUrl', /http or https/],
    ['the password is empty', { meetingPassword: '' }, 'meetingPassword', /blank/],
    ['the password is too long', { meetingPassword: 'x'.repeat(129) }, 'meetingPassword', /at most 128/],
    ['an id is none', { classId: 'Class 7b' }, 'classId', /UUID/],
    ['an id is nil', { partyId: '00000000-0000-0000-0000-000000000000' }, 'partyId', /UUID/],
    ['a setting is unknown', { settings: { mayDance: true } }, 'settings.mayDance', /not a known field/],
    ['a setting has the wrong kind', { settings: { openJoin: 'yes' } }, 'settings.openJoin', /true or false/],
    ['a switch has no such word', { settings: { privateChat: 'some' } }, 'settings.privateChat', /one of all, hosts/],
    ['no seat may be accepted', { settings: { limitAcceptances: 0 } }, 'settings.limitAcceptances', /at least 1/],
    [
      'the attendance threshold is both',
      { settings: { attendanceThreshold: { minutes: 5, share: 0.5 } } },
      'settings.attendanceThreshold',
      /must be \{ minutes \} or \{ share \}/,
    ],
    [
      'the attendance share is above one',
      { settings: { attendanceThreshold: { share: 1.01 } } },
      'settings.attendanceThreshold.share',
      /at most 1/,
    ],
    ['it names another creator', { creatorId: newId() }, 'creatorId', /not a known field/],
    ['it names a status', { status: 'Completed' }, 'status', /not a known field/],
    ['it is recurring', { isRecurring: true }, 'isRecurring', /series makes recurring meetings/],
    ['it has a pattern', { recurrencePattern: { freq: 'WEEKLY' } }, 'recurrencePattern', /series makes recurring/],
  ])('%s', async ([, change, path, message], { service, url }) => {
    const call = () => service.as({ userId: newId() }).meetings.schedule({ ...wish, ...change });
    const error = await unchanged(url, () => fails(call(), 'VALIDATION'));
    expect(error.details['fields']).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(error.message).toContain(path);
  });

  test('what is wrong is said field by field, and never repeats what was given', async ({ service }) => {
    const bad = { ...wish, title: '', timezone: 'S3cret/Zone', maxParticipants: -4 };
    const error = await fails(service.as({ userId: newId() }).meetings.schedule(bad), 'VALIDATION');
    expect(error.details['fields']).toMatchObject([
      { path: 'title' },
      { path: 'timezone' },
      { path: 'maxParticipants' },
    ]);
    expect(JSON.stringify(error)).not.toContain('S3cret');
  });
});

test('five minutes ago is early enough to begin, and seven days are short enough to last', async ({ service }) => {
  const past = { scheduledStartTime: at(-5 * minutes), scheduledEndTime: at(-5 * minutes + 7 * days) };
  const meeting = await service.as({ userId: newId() }).meetings.schedule({ ...wish, ...past });
  expect(meeting).toMatchObject({ ...past, status: 'Scheduled' });
});

describe('the system', () => {
  test('schedules for somebody, who becomes the Host', async ({ service, events }) => {
    const creatorId = newId();
    const meeting = await service.asSystem().meetings.schedule({ ...wish, creatorId });
    expect(meeting.creatorId).toBe(creatorId);
    const { items } = await service.as({ userId: creatorId }).participants.list(meeting.id);
    expect(items).toMatchObject([{ authUserId: creatorId, role: 'Host', status: 'Accepted' }]);
    expect(events).toMatchObject([{ type: 'meeting.scheduled', actorId: null }]);
  });

  test('imports what lies in the past', async ({ service }) => {
    const history = { scheduledStartTime: at(-400 * days), scheduledEndTime: at(-400 * days + hours) };
    const meeting = await service.asSystem().meetings.schedule({ ...wish, ...history, creatorId: newId() });
    expect(meeting).toMatchObject(history);
  });

  test('has to say for whom', async ({ service, url }) => {
    const error = await unchanged(url, () => fails(service.asSystem().meetings.schedule(wish), 'VALIDATION'));
    expect(error.details['fields']).toEqual([{ path: 'creatorId', message: 'is required' }]);
  });
});
