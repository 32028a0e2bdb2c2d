import assert from 'node:assert/strict';
import { type Check, heard, nobody, nowhere, refuses } from './world.ts';

const hello = 'Does this hold for every graph?';

export const sendChatChecks: readonly Check[] = [
  {
    about: 'stores the message and tells everybody all of it',
    async run({ sendChat }, world) {
      const meeting = await world.meeting();
      const [userId = ''] = meeting.people;
      const view = await sendChat({ meetingId: meeting.id, userId, content: hello });
      const row = await world.row<{ id: string; sent_at: Date; content: string; sender_id: string }>(
        'select * from meeting_chat_messages where meeting_id = $1',
        [meeting.id],
      );
      const facts = { senderId: userId, messageType: 'Text', content: hello, replyToMessageId: null, isPrivate: false };
      const rest = { recipientId: null, editedAt: null, deletedAt: null, clientMessageId: null };
      assert.deepEqual({ ...view }, { ...facts, ...rest, id: row.id, meetingId: meeting.id, sentAt: row.sent_at });
      assert.deepEqual([row.content, row.sender_id], [hello, userId]);
      const data = { ...facts, ...rest, messageId: row.id, sentAt: row.sent_at.toISOString() };
      assert.deepEqual(heard(await world.told('meeting', meeting.id)), [['chat.message.sent', 'all', userId, data]]);
    },
  },
  {
    about: 'refuses strangers, the absent, the muted, the removed, and meetings that do not run',
    async run({ sendChat }, world) {
      const meeting = await world.meeting();
      const away = await world.meeting({ present: 'host' });
      const ahead = await world.meeting({ status: `'Scheduled'` });
      const [muted = '', removed = ''] = meeting.people;
      const say = (meetingId: string, userId: string) => sendChat({ meetingId, userId, content: hello });
      await world.set('meeting_participants', 'can_use_chat = false', 'auth_user_id = $1', [muted]);
      await world.set(
        'meeting_participants',
        `removed_at = now(), left_at = joined_at + interval '10 minutes', total_duration_minutes = 10`,
        'auth_user_id = $1',
        [removed],
      );
      await refuses('NOT_FOUND', say(meeting.id, nobody));
      await refuses('NOT_FOUND', say(nowhere, nobody));
      await refuses('NOT_FOUND', say(meeting.id, removed));
      await refuses('FORBIDDEN', say(meeting.id, muted));
      await refuses('FORBIDDEN', say(away.id, away.people[0] ?? ''));
      await refuses('INVALID_TRANSITION', say(ahead.id, ahead.host));
      assert.deepEqual(await world.told('meeting', meeting.id), []);
      await world.set(
        'meeting_participant_sessions',
        `left_at = joined_at + interval '10 minutes', left_reason = 'removed'`,
        'auth_user_id = $1',
        [removed],
      );
      await world.set('meetings', 'current_participants_count = current_participants_count - 1', 'id = $1', [
        meeting.id,
      ]);
    },
  },
  {
    about: 'numbers what forty messages at once have to tell',
    async run({ sendChat }, world) {
      const meeting = await world.meeting();
      const all = Array.from({ length: 40 }, (_, index) => meeting.people[index % 10] ?? '');
      await Promise.all(all.map((userId) => sendChat({ meetingId: meeting.id, userId, content: hello })));
      assert.equal((await world.told('meeting', meeting.id)).length, 40);
    },
  },
];

export const voteChecks: readonly Check[] = [
  {
    about: 'stores one vote a person, the last one, and tells only the voter',
    async run({ vote }, world) {
      const meeting = await world.meeting({ polls: 1 });
      const [userId = ''] = meeting.people;
      const ballot = { meetingId: meeting.id, pollId: meeting.poll, userId };
      await vote({ ...ballot, choice: 0 });
      const view = await vote({ ...ballot, choice: 2 });
      const row = await world.row<{ selected_options: number[]; responded_at: Date }>(
        'select selected_options, responded_at from meeting_poll_responses where poll_id = $1 and respondent_id = $2',
        [meeting.poll, userId],
      );
      assert.deepEqual(row.selected_options, [2]);
      assert.deepEqual(
        { ...view, selectedOptions: [...view.selectedOptions] },
        {
          ...{
            pollId: meeting.poll,
            selectedOptions: [2],
            rating: null,
            responseText: null,
            respondedAt: row.responded_at,
          },
        },
      );
      const data = (choice: number) => ({ meetingId: meeting.id, pollId: meeting.poll, selectedOptions: [choice] });
      assert.deepEqual(heard(await world.told('user', userId)), [
        ['poll.vote-received', 'users', userId, data(0)],
        ['poll.vote-received', 'users', userId, data(2)],
      ]);
      assert.deepEqual(await world.told('meeting', meeting.id), []);
    },
  },
  {
    about: 'refuses strangers, the absent, closed polls and changes of mind where they are not allowed',
    async run({ vote }, world) {
      const meeting = await world.meeting({ polls: 3 });
      const away = await world.meeting({ polls: 1, present: 'host' });
      const [userId = ''] = meeting.people;
      const ballot = { meetingId: meeting.id, pollId: meeting.poll, choice: 1 };
      await refuses('NOT_FOUND', vote({ ...ballot, userId: nobody }));
      await refuses('NOT_FOUND', vote({ ...ballot, pollId: nowhere, userId }));
      await refuses(
        'FORBIDDEN',
        vote({ meetingId: away.id, pollId: away.poll, userId: away.people[0] ?? '', choice: 1 }),
      );
      await refuses('VALIDATION', vote({ ...ballot, userId, choice: 3 }));
      await world.set('meeting_polls', 'allow_change = false', 'id = $1', [meeting.poll]);
      await vote({ ...ballot, userId });
      await refuses('ALREADY_VOTED', vote({ ...ballot, userId, choice: 2 }));
      await world.set('meeting_polls', 'is_active = false, closed_at = now()', 'id = $1', [meeting.poll]);
      await refuses('POLL_CLOSED', vote({ ...ballot, userId: meeting.people[1] ?? '' }));
    },
  },
  {
    about: 'keeps one vote of somebody who votes eight times at once',
    async run({ vote }, world) {
      const meeting = await world.meeting({ polls: 1 });
      const [userId = ''] = meeting.people;
      const ballot = { meetingId: meeting.id, pollId: meeting.poll, userId };
      await Promise.all(Array.from({ length: 8 }, (_, index) => vote({ ...ballot, choice: index % 3 })));
      assert.equal(await world.count('meeting_poll_responses', 'poll_id = $1', [meeting.poll]), 1);
      assert.equal((await world.told('user', userId)).length, 8);
    },
  },
];

const fields = [
  ...['id', 'title', 'description', 'meetingType', 'creatorId', 'partyId', 'guildId', 'classId', 'subjectId'],
  ...['scheduledStartTime', 'scheduledEndTime', 'actualStartTime', 'actualEndTime', 'timezone', 'maxParticipants'],
  ...['currentParticipantsCount', 'status', 'isRecurring', 'recurrencePattern', 'recordingEnabled', 'hasPassword'],
  ...['hasRecording', 'seriesId', 'templateId', 'settings', 'version', 'createdAt', 'updatedAt'],
];

export const listUpcomingChecks: readonly Check[] = [
  {
    about: 'shows what lies ahead of a person in order, without what they declined, and no secrets',
    async run({ listUpcoming }, world) {
      const later = await world.meeting({
        status: `'Scheduled'`,
        starts: `date_trunc('hour', now()) + interval '3 days'`,
      });
      const sooner = await world.meeting({
        status: `'Scheduled'`,
        starts: `date_trunc('hour', now()) + interval '2 days'`,
      });
      const over = await world.meeting({
        status: `'Completed'`,
        starts: `date_trunc('hour', now()) - interval '1 day'`,
      });
      const [userId = ''] = later.people;
      await world.set('meetings', `meeting_password = '$scrypt$ln=1,r=1,p=1$YQ$YQ'`, 'id = $1', [sooner.id]);
      for (const { people } of [sooner, over])
        for (const table of [`meeting_participants set auth_user_id`, `meeting_invitations set invitee_id`])
          await world.rows(`update ${table} = $1 where ${table.split(' ')[2]} = $2`, [userId, people[0]]);
      await world.rows('update meeting_participant_sessions set auth_user_id = $1 where auth_user_id = $2', [
        userId,
        over.people[0],
      ]);
      const { items, nextCursor } = await listUpcoming({ userId });
      assert.deepEqual(
        items.map(({ id }) => id),
        [sooner.id, later.id],
      );
      assert.deepEqual(
        items.map(({ hasPassword }) => hasPassword),
        [true, false],
      );
      assert.equal(nextCursor, null);
      for (const item of items) assert.deepEqual(Object.keys(item).toSorted(), fields.toSorted());
      assert.deepEqual([items[0]?.scheduledStartTime instanceof Date, items[0]?.settings], [true, {}]);
      await world.set(
        'meeting_participants',
        `status = 'Declined', upcoming_at = null`,
        'meeting_id = $1 and auth_user_id = $2',
        [later.id, userId],
      );
      await world.set('meeting_invitations', `status = 'Declined'`, 'meeting_id = $1 and invitee_id = $2', [
        later.id,
        userId,
      ]);
      assert.equal((await listUpcoming({ userId })).items.length, 1);
    },
  },
];

export const historyChecks: readonly Check[] = [
  {
    about: 'shows the newest fifty, blanks what is deleted and keeps private words private',
    async run({ history }, world) {
      const meeting = await world.meeting({ messages: 60 });
      const [reader = '', other = '', third = ''] = meeting.people;
      const stored = await world.rows<{ id: string }>(
        'select id from meeting_chat_messages where meeting_id = $1 order by sent_at desc, id desc',
        [meeting.id],
      );
      const ids = stored.map(({ id }) => id);
      const [secret = '', own = '', deleted = ''] = ids;
      const closed = 'is_private = true, sender_id = $2, recipient_id = $3';
      await world.set('meeting_chat_messages', closed, 'id = $1', [secret, other, third]);
      await world.set('meeting_chat_messages', closed, 'id = $1', [own, other, reader]);
      await world.set('meeting_chat_messages', `content = '', deleted_at = now()`, 'id = $1', [deleted]);
      const { items, nextCursor } = await history({ meetingId: meeting.id, userId: reader });
      assert.deepEqual(
        items.map(({ id }) => id),
        ids.slice(1, 51),
      );
      assert.equal(nextCursor, ids[50]);
      assert.deepEqual([items[0]?.isPrivate, items[0]?.recipientId, items[1]?.content], [true, reader, null]);
      assert.equal(items[2]?.sentAt instanceof Date && items[2].content !== null, true);
    },
  },
  {
    about: 'gives whoever is no reader the same answer as for a meeting that is not there',
    async run({ history }, world) {
      const meeting = await world.meeting();
      const [declined = '', reader = ''] = meeting.people;
      await world.set(
        'meeting_participants',
        `status = 'Declined', upcoming_at = null, joined_at = null`,
        'auth_user_id = $1',
        [declined],
      );
      await world.rows('delete from meeting_participant_sessions where auth_user_id = $1', [declined]);
      await world.set('meeting_invitations', `status = 'Declined'`, 'invitee_id = $1', [declined]);
      await world.set('meetings', 'current_participants_count = current_participants_count - 1', 'id = $1', [
        meeting.id,
      ]);
      assert.deepEqual([...(await history({ meetingId: meeting.id, userId: reader })).items], []);
      await refuses('FORBIDDEN', history({ meetingId: meeting.id, userId: declined }));
      await refuses('NOT_FOUND', history({ meetingId: meeting.id, userId: nobody }));
      await refuses('NOT_FOUND', history({ meetingId: nowhere, userId: nobody }));
    },
  },
];

export const tallyChecks: readonly Check[] = [
  {
    about: 'counts every vote for the Host while the poll is open, and shows it to nobody else',
    async run({ tally }, world) {
      const meeting = await world.meeting({ people: 30, polls: 1, votes: 'place % 5 <> 0' });
      const ballot = { meetingId: meeting.id, pollId: meeting.poll };
      const { totals, isActive, entitledVoters, pollType } = await tally({ ...ballot, userId: meeting.host });
      assert.deepEqual(
        [isActive, entitledVoters, pollType, totals?.votes, totals?.abstained],
        [true, null, 'SingleChoice', 24, 0],
      );
      assert.deepEqual(
        totals?.options.map(({ option, votes, share }) => [option, votes, share]),
        [
          ['this', 8, 8 / 24],
          ['that', 8, 8 / 24],
          ['neither', 8, 8 / 24],
        ],
      );
      await refuses('FORBIDDEN', tally({ ...ballot, userId: meeting.people[0] ?? '' }));
      await refuses('NOT_FOUND', tally({ ...ballot, userId: nobody }));
      await refuses('NOT_FOUND', tally({ ...ballot, pollId: nowhere, userId: meeting.host }));
    },
  },
];
