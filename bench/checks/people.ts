import assert from 'node:assert/strict';
import { type Check, heard, nobody, nowhere, refuses, type SmallMeeting, type World } from './world.ts';

const ahead = {
  status: `'Scheduled'`,
  answer: `'Invited'`,
  starts: `date_trunc('hour', now()) + interval '1 day'`,
} as const;

export const rsvpChecks: readonly Check[] = [
  {
    about: 'keeps invitation and participation together, and tells the hosts and the person',
    async run({ rsvp }, world) {
      const meeting = await world.meeting(ahead);
      const [userId = ''] = meeting.people;
      const place = { meetingId: meeting.id, userId };
      for (const [response, invitation, upcoming] of [
        ['Accepted', 'Accepted', true],
        ['Tentative', 'Pending', true],
        ['Declined', 'Declined', false],
      ] as const) {
        const answer = await rsvp({ ...place, response });
        assert.deepEqual({ ...answer }, { participationStatus: response, waitlistPosition: null });
        const row = await world.participant(meeting, userId);
        assert.deepEqual([row['status'], row['upcoming_at'] !== null], [response, upcoming]);
        const stored = `invitee_id = $1 and status = $2 and responded_at is not null`;
        assert.equal(await world.count('meeting_invitations', stored, [userId, invitation]), 1);
      }
      const types = ['invitation.accepted', 'invitation.tentative', 'invitation.declined'];
      assert.deepEqual(
        heard(await world.told('meeting', meeting.id)),
        types.map((type) => [type, 'hosts', userId, { inviteeId: userId }]),
      );
      assert.deepEqual(
        heard(await world.told('user', userId)),
        types.map((type) => [type, 'users', userId, { meetingId: meeting.id, inviteeId: userId }]),
      );
    },
  },
  {
    about: 'refuses whoever was not asked, asked too long ago, or asked about what is over',
    async run({ rsvp }, world) {
      const meeting = await world.meeting(ahead);
      const over = await world.meeting({
        status: `'Completed'`,
        starts: `date_trunc('hour', now()) - interval '1 day'`,
      });
      const [late = ''] = meeting.people;
      await world.set('meeting_invitations', `expires_at = now() - interval '1 minute'`, 'invitee_id = $1', [late]);
      await refuses('EXPIRED', rsvp({ meetingId: meeting.id, userId: late, response: 'Accepted' }));
      await refuses('NOT_FOUND', rsvp({ meetingId: meeting.id, userId: nobody, response: 'Accepted' }));
      await refuses('NOT_FOUND', rsvp({ meetingId: nowhere, userId: nobody, response: 'Accepted' }));
      await refuses(
        'INVALID_TRANSITION',
        rsvp({ meetingId: over.id, userId: over.people[0] ?? '', response: 'Declined' }),
      );
      assert.deepEqual(await world.told('meeting', meeting.id), []);
    },
  },
  {
    about: 'takes the answers of ten people at once',
    async run({ rsvp }, world) {
      const meeting = await world.meeting(ahead);
      await Promise.all(meeting.people.map((userId) => rsvp({ meetingId: meeting.id, userId, response: 'Accepted' })));
      assert.equal((await world.told('meeting', meeting.id)).length, 10);
    },
  },
];

const asked =
  (meeting: SmallMeeting, again = false) =>
  (inviteeId: string) => ({
    ...{ inviteeId, inviterId: meeting.host, role: 'Participant', again },
  });

export const inviteChecks: readonly Check[] = [
  {
    about: 'puts everybody on the roster once, and tells the hosts and each of them',
    async run({ invite }, world) {
      const meeting = await world.meeting({ ...ahead, people: 2 });
      const fresh = strangers(30, meeting);
      const wish = {
        meetingId: meeting.id,
        userId: meeting.host,
        inviteeIds: [...fresh, ...meeting.people, meeting.host],
      };
      const { invited, alreadyInvited, failed } = await invite(wish);
      assert.deepEqual([...invited].toSorted(), fresh.toSorted());
      assert.deepEqual([...alreadyInvited].toSorted(), [...meeting.people].toSorted());
      assert.deepEqual(failed, [{ userId: meeting.host, reason: 'self' }]);
      assert.equal(
        await world.count(
          'meeting_participants',
          `meeting_id = $1 and status = 'Invited' and upcoming_at is not null`,
          [meeting.id],
        ),
        32,
      );
      assert.equal(
        await world.count('meeting_invitations', `meeting_id = $1 and status = 'Pending'`, [meeting.id]),
        32,
      );
      const told = await world.told('meeting', meeting.id);
      assert.deepEqual(told.map(({ data }) => data).toSorted(byInvitee), fresh.map(asked(meeting)).toSorted(byInvitee));
      assert.deepEqual(
        new Set(told.map(({ type, audience }) => `${type} ${audience}`)),
        new Set(['invitation.sent hosts']),
      );
      const [first = ''] = fresh;
      assert.deepEqual(heard(await world.told('user', first)), [
        ['invitation.sent', 'users', meeting.host, { meetingId: meeting.id, ...asked(meeting)(first) }],
      ]);
    },
  },
  {
    about: 'asks again whom a host removed, and refuses who is no host',
    async run({ invite }, world) {
      const meeting = await world.meeting(ahead);
      const [back = '', guest = ''] = meeting.people;
      await world.set(
        'meeting_participants',
        `removed_at = now(), can_use_chat = false, upcoming_at = null`,
        'auth_user_id = $1',
        [back],
      );
      assert.deepEqual(
        [...(await invite({ meetingId: meeting.id, userId: meeting.host, inviteeIds: [back] })).invited],
        [back],
      );
      const row = await world.participant(meeting, back);
      assert.deepEqual([row['removed_at'], row['can_use_chat'], row['status']], [null, true, 'Invited']);
      assert.deepEqual((await world.told('meeting', meeting.id))[0]?.data, asked(meeting, true)(back));
      await refuses('FORBIDDEN', invite({ meetingId: meeting.id, userId: guest, inviteeIds: [nobody] }));
      await refuses('NOT_FOUND', invite({ meetingId: meeting.id, userId: nobody, inviteeIds: [guest] }));
    },
  },
  {
    about: 'asks nobody twice when two lists overlap at once',
    async run({ invite }, world) {
      const meeting = await world.meeting({ ...ahead, people: 0 });
      const people = strangers(30, meeting);
      const lists = [people.slice(0, 20), people.slice(10).toReversed()];
      const wishes = lists.map((inviteeIds) => invite({ meetingId: meeting.id, userId: meeting.host, inviteeIds }));
      const results = await Promise.all(wishes);
      assert.equal(results.flatMap(({ invited }) => invited).length, 30);
      assert.equal((await world.told('meeting', meeting.id)).length, 30);
    },
  },
];

const lecture = {
  ...{
    status: `'Completed'`,
    starts: `date_trunc('hour', now()) - interval '1 day'`,
    people: 40,
    polls: 2,
    messages: 300,
  },
  ...{ votes: `(place + number) % 3 <> 0`, media: true },
} as const;

export const analyticsChecks: readonly Check[] = [
  {
    about: 'comes to the figures that the schema’s own rules ask for, and to the same ones again',
    async run({ analytics }, world) {
      const meeting = await world.meeting(lecture);
      const wish = { meetingId: meeting.id, userId: meeting.host };
      const first = await analytics(wish);
      const counted = await figures(world, meeting);
      assert.deepEqual(await expected(world, meeting), counted.slice(0, 4));
      assert.deepEqual(
        [first.totalParticipants, first.totalChatMessages, first.totalPollsCreated, first.engagementScore],
        counted.slice(0, 4),
      );
      assert.deepEqual(await analytics(wish), first);
      assert.deepEqual(await figures(world, meeting), counted);
      assert.deepEqual(
        (await world.told('meeting', meeting.id)).map(({ type, audience, data }) => [type, audience, data]),
        [0, 1].map(() => [
          ...['analytics.ready', 'hosts'],
          { formulaVersion: 'convoke-1', engagementScore: first.engagementScore, people: 41 },
        ]),
      );
    },
  },
  {
    about: 'forgets whoever turns out not to have been there, and refuses everybody but the Host',
    async run({ analytics }, world) {
      const meeting = await world.meeting(lecture);
      const [mistaken = '', guest = ''] = meeting.people;
      await analytics({ meetingId: meeting.id, userId: meeting.host });
      await world.rows('delete from meeting_participant_sessions where auth_user_id = $1', [mistaken]);
      await world.rows('delete from meeting_media_intervals where auth_user_id = $1', [mistaken]);
      await world.set(
        'meeting_participants',
        `status = 'NoShow', joined_at = null, left_at = null, total_duration_minutes = 0`,
        'auth_user_id = $1',
        [mistaken],
      );
      const { totalParticipants } = await analytics({ meetingId: meeting.id, userId: meeting.host });
      assert.equal(totalParticipants, 40);
      assert.equal(await world.count('participant_engagement_metrics', 'meeting_id = $1', [meeting.id]), 40);
      await refuses('FORBIDDEN', analytics({ meetingId: meeting.id, userId: guest }));
      await refuses('NOT_FOUND', analytics({ meetingId: meeting.id, userId: nobody }));
    },
  },
];

/** Everything that is stored, but ids and times: first four facts of the meeting. */
async function figures(world: World, { id }: SmallMeeting): Promise<unknown[]> {
  const meeting = await world.row(
    `select total_participants, total_chat_messages, total_polls_created, engagement_score::float8, peak_concurrent_participants,
            average_attendance_duration_minutes::float8, average_attendance_seconds::float8, total_screen_shares, coverage
     from meeting_analytics where meeting_id = $1`,
    [id],
  );
  const people = await world.rows(
    `select auth_user_id, attendance_duration_minutes, attendance_seconds::float8, chat_messages_sent, polls_participated,
            screen_share_duration_minutes, microphone_active_minutes, camera_active_minutes, speaking_seconds::float8,
            engagement_score::float8
     from participant_engagement_metrics where meeting_id = $1 order by auth_user_id`,
    [id],
  );
  return [...Object.values<unknown>(meeting), ...people];
}

/** Counted one by one, and the score from everybody's own as they are stored. */
async function expected(world: World, { id }: SmallMeeting): Promise<unknown[]> {
  const row = await world.row(
    `select (select count(*)::int from meeting_participants where meeting_id = $1 and status = 'Attended') as people,
            (select count(*)::int from meeting_chat_messages where meeting_id = $1) as messages,
            (select count(*)::int from meeting_polls where meeting_id = $1) as polls,
            (select round(sum(engagement_score * attendance_seconds) / sum(attendance_seconds), 2)::float8
             from participant_engagement_metrics where meeting_id = $1 and engagement_score is not null) as score`,
    [id],
  );
  return Object.values<unknown>(row);
}

/** People of no other meeting. */
function strangers(count: number, { id }: SmallMeeting): string[] {
  return Array.from(
    { length: count },
    (_, index) => `5ca1ab1e-${id.slice(-4)}-4000-8000-${String(index).padStart(12, '0')}`,
  );
}

function byInvitee(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a['inviteeId']).localeCompare(String(b['inviteeId']));
}
