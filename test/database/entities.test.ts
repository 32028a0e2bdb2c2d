import { wrap } from '@mikro-orm/core';
import { expect } from 'vitest';
import * as enums from '../../src/core/enums.ts';
import { tableNames } from '../../src/core/statement.ts';
import {
  AgendaItem,
  Attachment,
  ChatMessage,
  EngagementMetrics,
  EventConsumer,
  EventHead,
  IdempotencyKey,
  Invitation,
  MediaInterval,
  Meeting,
  MeetingAnalytics,
  meetingEntities,
  Note,
  ParkedEvent,
  Participant,
  ParticipantSession,
  PasswordAttempt,
  Poll,
  PollResponse,
  ReadMarker,
  RealtimeNode,
  Series,
  StreamEvent,
  Template,
  WaitlistEntry,
} from '../../src/entities.ts';
import { createDatabase, createOrm, test } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { readCatalogue } from './catalogue.ts';

const start = new Date('2026-03-02T09:00:00.000Z');
const end = new Date('2026-03-02T10:00:00.000Z');
const ada = '20000000-0000-4000-8000-00000000000a';
const bob = '20000000-0000-4000-8000-00000000000b';

/**
 * What the ORM would do to a migrated database to make it match the entities. All of it is known and wanted:
 * meetings hold plain ids of series and templates, so that their room imports no room that builds on it, and the
 * second key of a reply shares a column with the key to the meeting, which a relation cannot say.
 */
const keysOfTheDatabaseAlone = [
  'alter table "convoke"."meetings" drop constraint "meetings_series_id_fkey";',
  'alter table "convoke"."meetings" drop constraint "meetings_template_id_fkey";',
  'alter table "convoke"."meeting_chat_messages" drop constraint "meeting_chat_messages_meeting_id_reply_to_message_id_fkey";',
];

async function difference(orm: {
  schema: { getUpdateSchemaSQL(options: object): Promise<string> };
}): Promise<string[]> {
  // Without `dropTables`, because the table of applied migrations is no entity's; the tables have a test of their own.
  const sql = await orm.schema.getUpdateSchemaSQL({ schema: 'convoke', wrap: false, dropTables: false });
  return sql.split('\n').filter((line) => line !== '');
}

test('entities and migrations describe the same columns, keys, indexes and checks', async ({ orm }) => {
  expect(await difference(orm)).toEqual(keysOfTheDatabaseAlone);
});

test.for([
  ['alter table convoke.meetings drop column start_local', 'add "start_local" varchar(19)'],
  ['alter table convoke.meetings alter column title type varchar(300)', 'alter column "title" type varchar(255)'],
  ['alter table convoke.meetings alter column settings drop default', 'alter column "settings" set default'],
  [
    'alter table convoke.meeting_notes drop constraint meeting_notes_agenda_item_id_fkey',
    'add constraint "meeting_notes_agenda_item_id_fkey"',
  ],
  ['alter table convoke.meetings drop constraint meetings_schedule_check', 'add constraint "meetings_schedule_check"'],
  ['drop index convoke.meeting_participants_host_key', 'create unique index "meeting_participants_host_key"'],
  [
    'alter table convoke.meeting_media_intervals drop constraint meeting_media_intervals_kind_check',
    'add constraint "meeting_media_intervals_kind_check"',
  ],
])('the comparison notices %s', async ([change = '', remedy = '']) => {
  await using database = await createDatabase('migrated');
  await execute(database.url, change);
  const orm = await createOrm(database.url);
  expect((await difference(orm)).join('\n')).toContain(remedy);
  await orm.close(true);
});

test('enum types have the labels that the code knows, in the same order', async ({ url }) => {
  const known: Record<string, readonly string[]> = {
    agenda_type: enums.agendaTypes,
    chat_message_type: enums.chatMessageTypes,
    invitation_status: enums.invitationStatuses,
    meeting_status: enums.meetingStatuses,
    meeting_type: enums.meetingTypes,
    note_status: enums.noteStatuses,
    note_type: enums.noteTypes,
    participant_role: enums.participantRoles,
    participation_status: enums.participationStatuses,
    poll_type: enums.pollTypes,
    priority_level: enums.priorityLevels,
    template_type: enums.templateTypes,
  };
  const { enums: lines } = await readCatalogue(url, 'convoke');
  expect(lines).toEqual(Object.entries(known).map(([name, labels]) => `${name}: ${labels.join(' | ')}`));
});

test('there is an entity for each table, and a name for each in statements', async ({ orm, url }) => {
  const tables = await execute<{ name: string }>(
    url,
    `select relname as name from pg_class where relnamespace = 'convoke'::regnamespace and relkind = 'r'`,
  );
  const names = tables.map(({ name }) => name).filter((name) => name !== 'convoke_migrations');
  const mapped = meetingEntities.map((entity) => orm.getMetadata().get<object>(entity).tableName);
  expect(mapped.toSorted()).toEqual(names.toSorted());
  expect([...tableNames].toSorted()).toEqual(names.toSorted());
});

test('rows of every entity come back as they were written, in a schema that is not on the search_path', async ({
  orm,
}) => {
  const em = orm.em.fork();
  const meeting = em.create(Meeting, {
    title: 'Graph theory',
    meetingType: 'Office Hours',
    creatorId: ada,
    scheduledStartTime: start,
    scheduledEndTime: end,
    overridden: ['title'],
    startLocal: '2026-03-02T10:00:00',
  });
  const session = em.create(ParticipantSession, { meeting, authUserId: ada, joinedAt: start, leftAt: end });
  const item = em.create(AgendaItem, { meeting, itemOrder: 1, title: 'Trees', agendaType: 'Wrap-up', resources: [{}] });
  const message = em.create(ChatMessage, { meeting, senderId: ada, content: 'One ? $1 \\ "two"', sentAt: start });
  const poll = em.create(Poll, {
    meeting,
    creatorId: ada,
    question: 'Clear?',
    pollType: 'YesNo',
    options: ['Yes', 'No'],
  });
  em.create(Participant, { meeting, authUserId: ada, role: 'Host', upcomingAt: start });
  em.create(MediaInterval, { meeting, authUserId: ada, kind: 'screen', startedAt: start, session });
  em.create(PasswordAttempt, { meeting, authUserId: bob, windowStartedAt: start });
  em.create(Invitation, { meeting, inviterId: ada, inviteeId: bob, role: 'Presenter' });
  em.create(WaitlistEntry, { meeting, authUserId: bob, enteredAt: start });
  em.create(Note, {
    meeting,
    agendaItem: item,
    authorId: ada,
    noteType: 'Decision',
    content: '…',
    dueDate: '2026-03-09',
  });
  em.create(Attachment, {
    ...{ meeting, uploaderId: ada, fileName: 'a.pdf', filePath: 'k', mimeType: 'application/pdf' },
    fileSizeBytes: 5_000_000_000,
  });
  em.create(ChatMessage, { meeting, senderId: bob, content: "It's", replyToMessage: message, sentAt: end });
  em.create(ReadMarker, { meeting, authUserId: bob, messageId: ada, sentAt: start, readAt: end });
  em.create(RealtimeNode, { id: bob, beatAt: start, expiresAt: end });
  em.create(PollResponse, { poll, respondentId: bob, selectedOptions: [1] });
  em.create(MeetingAnalytics, { meeting, engagementScore: 73.25, averageAttendanceSeconds: 3599.125 });
  em.create(EngagementMetrics, { meeting, authUserId: ada, attendanceSeconds: 3599.125, coverage: { polls: false } });
  em.create(Template, {
    name: 'Group',
    templateType: 'StudyGroup',
    creatorId: ada,
    defaultAgenda: [{ title: 'Trees' }],
  });
  em.create(Series, {
    ...{ seriesName: 'Weekly', creatorId: ada, recurrencePattern: { frequency: 'weekly' } },
    ...{ seriesStartDate: '2026-03-02', templateMeeting: meeting },
  });
  em.create(EventHead, { streamKind: 0, streamId: ada, seq: Number.MAX_SAFE_INTEGER });
  em.create(StreamEvent, {
    ...{ streamKind: 0, streamId: ada, seq: 1, type: 'meeting.scheduled', occurredAt: start },
    ...{ audience: 'users', audienceUsers: [ada, bob] },
  });
  const consumer = em.create(EventConsumer, { name: 'webhooks', positionTx: '42', positionSeq: 7 });
  em.create(ParkedEvent, {
    ...{ consumer, tx: '41', streamKind: 0, streamId: ada, seq: 1, eventId: bob },
    ...{ attempts: 3, error: 'Error: no', parkedAt: end },
  });
  em.create(IdempotencyKey, {
    actorId: ada,
    operation: 'o',
    key: 'k',
    requestHash: 'h',
    response: [1],
    expiresAt: end,
  });
  await em.flush();

  const stored: Record<string, object[]> = {};
  for (const entity of meetingEntities) {
    stored[orm.getMetadata().get<object>(entity).className] = await orm.em.fork().find<object>(entity, {});
  }
  const inMeeting = { meeting: { id: meeting.id } };
  expect(stored).toMatchObject({
    AgendaItem: [{ ...inMeeting, agendaType: 'Wrap-up', resources: [{}], createdAt: expect.any(Date) }],
    Attachment: [{ ...inMeeting, fileSizeBytes: 5_000_000_000, isPresentation: false }],
    ChatMessage: expect.arrayContaining([
      expect.objectContaining({
        content: 'One ? $1 \\ "two"',
        replyToMessage: null,
        sentAt: start,
        messageType: 'Text',
      }),
      expect.objectContaining({ content: "It's", sentAt: end }),
    ]),
    EngagementMetrics: [
      { ...inMeeting, attendanceSeconds: 3599.125, speakingSeconds: null, coverage: { polls: false } },
    ],
    EventConsumer: [{ name: 'webhooks', positionTx: '42', positionSeq: 7, attempts: 0, leaseOwner: null }],
    EventHead: [{ streamKind: 0, streamId: ada, seq: Number.MAX_SAFE_INTEGER, minSeq: 0, epoch: expect.any(String) }],
    IdempotencyKey: [{ actorId: ada, operation: 'o', key: 'k', response: [1], expiresAt: end }],
    Invitation: [{ ...inMeeting, status: 'Pending', role: 'Presenter', expiresAt: null }],
    MediaInterval: [{ ...inMeeting, kind: 'screen', startedAt: start, endedAt: null, session: { id: session.id } }],
    Meeting: [
      {
        ...{
          id: meeting.id,
          meetingType: 'Office Hours',
          status: 'Scheduled',
          scheduledStartTime: start,
          timezone: 'UTC',
        },
        ...{ settings: {}, version: 1, overridden: ['title'], startLocal: '2026-03-02T10:00:00', seriesId: null },
      },
    ],
    MeetingAnalytics: [{ ...inMeeting, engagementScore: 73.25, averageAttendanceSeconds: 3599.125, coverage: null }],
    Note: [{ ...inMeeting, agendaItem: { id: item.id }, dueDate: '2026-03-09', priority: null, status: 'Active' }],
    ParkedEvent: [{ consumer: { name: 'webhooks' }, tx: '41', seq: 1, eventId: bob, parkedAt: end, replayAt: null }],
    Participant: [
      { ...inMeeting, role: 'Host', status: 'Invited', upcomingAt: start, canUseChat: true, removedAt: null },
    ],
    ParticipantSession: [{ ...inMeeting, source: 'host', connectionId: '', joinedAt: start, leftAt: end }],
    PasswordAttempt: [{ ...inMeeting, authUserId: bob, attempts: 0, windowStartedAt: start }],
    Poll: [{ ...inMeeting, options: ['Yes', 'No'], isActive: true }],
    PollResponse: [{ poll: { id: poll.id }, selectedOptions: [1], responseText: null }],
    RealtimeNode: [{ id: bob, beatAt: start, expiresAt: end, suspectedAt: null, lostAt: null }],
    Series: [{ seriesStartDate: '2026-03-02', seriesEndDate: null, templateMeeting: { id: meeting.id } }],
    StreamEvent: [
      { seq: 1, audience: 'users', audienceUsers: [ada, bob], data: {}, tx: expect.stringMatching(/^\d+$/) },
    ],
    Template: [{ templateType: 'StudyGroup', defaultDurationMinutes: 60, defaultAgenda: [{ title: 'Trees' }] }],
    WaitlistEntry: [{ ...inMeeting, enteredAt: start, promotedAt: null }],
  });
  expect(Object.keys(stored)).toHaveLength(meetingEntities.length);
});

test('several changed rows of an enum column are written in one go, and count as a new version', async ({ orm }) => {
  const em = orm.em.fork();
  const meetings = ['first', 'second'].map((title) =>
    em.create(Meeting, {
      title,
      meetingType: 'Lecture',
      creatorId: ada,
      scheduledStartTime: start,
      scheduledEndTime: end,
    }),
  );
  await em.flush();
  for (const meeting of meetings) meeting.status = 'Postponed';
  await em.flush();
  const found = await orm.em.fork().find(Meeting, { id: { $in: meetings.map(({ id }) => id) } });
  expect(found.map(({ status, version }) => ({ status, version }))).toEqual([
    { status: 'Postponed', version: 2 },
    { status: 'Postponed', version: 2 },
  ]);
});

test('the hash of a password comes only to a query that names it, and goes into no serialisation', async ({ orm }) => {
  const em = orm.em.fork();
  const { id } = em.create(Meeting, {
    ...{ id: '10000000-0000-4000-8000-0000000000aa', title: 'Closed', meetingType: 'Lecture', creatorId: ada },
    ...{ scheduledStartTime: start, scheduledEndTime: end, meetingPassword: '$scrypt$secret' },
  });
  await em.flush();
  const meeting = await orm.em.fork().findOneOrFail(Meeting, { id });
  expect(meeting.meetingPassword).toBeUndefined();
  const asked = await orm.em.fork().findOneOrFail(Meeting, { id }, { populate: ['meetingPassword'] });
  expect(asked.meetingPassword).toBe('$scrypt$secret');
  expect(JSON.stringify([meeting, asked, wrap(asked).toObject()])).not.toContain('secret');
});
