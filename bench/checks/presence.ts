import assert from 'node:assert/strict';
import { type Check, heard, nobody, nowhere, refuses, succeeded } from './world.ts';

const unannounced = { present: 'host' } as const;

export const joinChecks: readonly Check[] = [
  {
    about: 'opens a session, counts the person and tells everybody',
    async run({ join }, world) {
      const meeting = await world.meeting(unannounced);
      const [userId = ''] = meeting.people;
      const view = await join({ meetingId: meeting.id, userId });
      const row = await world.participant(meeting, userId);
      assert.deepEqual(
        [view.id, view.meetingId, view.authUserId, view.role, view.status, view.isPresent, view.handRaisedAt],
        [row['id'], meeting.id, userId, 'Participant', 'Accepted', true, null],
      );
      assert.deepEqual([view.joinedAt, view.invitedAt, view.leftAt], [row['joined_at'], row['invited_at'], null]);
      assert.equal(view.joinedAt instanceof Date, true);
      assert.equal(await world.presentIn(meeting), 2);
      const data = { userId, role: 'Participant' };
      assert.deepEqual(heard(await world.told('meeting', meeting.id)), [['participant.joined', 'all', userId, data]]);
    },
  },
  {
    about: 'answers an open invitation with yes, and tells the hosts and the person',
    async run({ join }, world) {
      const meeting = await world.meeting(unannounced);
      const [userId = ''] = meeting.people;
      await world.set('meeting_participants', `status = 'Invited'`, 'auth_user_id = $1', [userId]);
      await world.set('meeting_invitations', `status = 'Pending', responded_at = null`, 'invitee_id = $1', [userId]);
      assert.equal((await join({ meetingId: meeting.id, userId })).status, 'Accepted');
      assert.equal(await world.count('meeting_invitations', `invitee_id = $1 and status = 'Accepted'`, [userId]), 1);
      const answer = { inviteeId: userId, byJoining: true };
      assert.deepEqual(heard(await world.told('meeting', meeting.id)), [
        ['participant.joined', 'all', userId, { userId, role: 'Participant' }],
        ['invitation.accepted', 'hosts', userId, answer],
      ]);
      assert.deepEqual(heard(await world.told('user', userId)), [
        ['invitation.accepted', 'users', userId, { meetingId: meeting.id, ...answer }],
      ]);
    },
  },
  {
    about: 'refuses strangers, meetings that do not run, and whoever was removed',
    async run({ join }, world) {
      const running = await world.meeting(unannounced);
      const scheduled = await world.meeting({ status: `'Scheduled'` });
      const [removed = ''] = running.people;
      const [early = ''] = scheduled.people;
      await world.set('meeting_participants', 'removed_at = now()', 'auth_user_id = $1', [removed]);
      await refuses('NOT_FOUND', join({ meetingId: running.id, userId: nobody }));
      await refuses('NOT_FOUND', join({ meetingId: nowhere, userId: nobody }));
      await refuses('NOT_FOUND', join({ meetingId: running.id, userId: removed }));
      await refuses('INVALID_TRANSITION', join({ meetingId: scheduled.id, userId: early }));
      assert.deepEqual(await world.told('meeting', running.id), []);
    },
  },
  {
    about: 'lets ten of forty in who come at once to ten seats, and one person once who comes eight times at once',
    async run({ join }, world) {
      const full = await world.meeting({ ...unannounced, people: 40, maxParticipants: 10 });
      const all = full.people.map((userId) => join({ meetingId: full.id, userId }));
      assert.equal(await succeeded(all, 'CAPACITY'), 9);
      assert.equal(await world.presentIn(full), 10);
      assert.equal((await world.told('meeting', full.id)).length, 9);
      const free = await world.meeting(unannounced);
      const [userId = ''] = free.people;
      await Promise.all(Array.from({ length: 8 }, () => join({ meetingId: free.id, userId })));
      assert.equal(await world.presentIn(free), 2);
      assert.equal((await world.told('meeting', free.id)).length, 1);
    },
  },
];

export const leaveChecks: readonly Check[] = [
  {
    about: 'closes the session, counts the minutes, lowers the hand and tells everybody',
    async run({ leave }, world) {
      const meeting = await world.meeting();
      const [userId = ''] = meeting.people;
      await world.rows(
        `insert into meeting_media_intervals (meeting_id, auth_user_id, kind, started_at) values ($1, $2, 'hand', now() - interval '1 minute')`,
        [meeting.id, userId],
      );
      const view = await leave({ meetingId: meeting.id, userId });
      const {
        joined_at: joined,
        left_at: left,
        total_duration_minutes: minutes,
      } = await world.participant(meeting, userId);
      assert.ok(joined instanceof Date && left instanceof Date);
      assert.equal(minutes, Math.floor((left.getTime() - joined.getTime()) / 60_000));
      assert.deepEqual(
        [view.isPresent, view.leftAt, view.totalDurationMinutes, view.handRaisedAt],
        [false, left, minutes, null],
      );
      assert.equal(await world.presentIn(meeting), 10);
      assert.equal(await world.count('meeting_media_intervals', 'auth_user_id = $1 and ended_at is null', [userId]), 0);
      const closed = `auth_user_id = $1 and left_reason = 'left' and left_at is not null`;
      assert.equal(await world.count('meeting_participant_sessions', closed, [userId]), 1);
      const data = { userId, reason: 'left' };
      assert.deepEqual(heard(await world.told('meeting', meeting.id)), [['participant.left', 'all', userId, data]]);
    },
  },
  {
    about: 'counts only the time that somebody was there, however often they left',
    async run({ leave, join }, world) {
      const meeting = await world.meeting();
      const [userId = ''] = meeting.people;
      // Ten minutes earlier than it was, then a quarter of an hour away.
      await world.set(
        'meeting_participant_sessions',
        `left_at = joined_at + interval '10 minutes', left_reason = 'left'`,
        'auth_user_id = $1',
        [userId],
      );
      await world.set(
        'meeting_participants',
        `left_at = joined_at + interval '10 minutes', total_duration_minutes = 10`,
        'auth_user_id = $1',
        [userId],
      );
      await world.set('meetings', 'current_participants_count = 10', 'id = $1', [meeting.id]);
      await join({ meetingId: meeting.id, userId });
      assert.equal((await leave({ meetingId: meeting.id, userId })).totalDurationMinutes, 10);
      assert.equal(await world.count('meeting_participant_sessions', 'auth_user_id = $1', [userId]), 2);
    },
  },
  {
    about: 'says nothing when nobody leaves, and leaves once when asked eight times at once',
    async run({ leave }, world) {
      const meeting = await world.meeting();
      const [userId = '', absent = ''] = meeting.people;
      await leave({ meetingId: meeting.id, userId: absent });
      assert.equal((await leave({ meetingId: meeting.id, userId: absent })).isPresent, false);
      await Promise.all(Array.from({ length: 8 }, () => leave({ meetingId: meeting.id, userId })));
      assert.equal(await world.presentIn(meeting), 9);
      assert.equal((await world.told('meeting', meeting.id)).length, 2);
      const scheduled = await world.meeting({ status: `'Scheduled'` });
      await refuses('NOT_FOUND', leave({ meetingId: meeting.id, userId: nobody }));
      await refuses('INVALID_TRANSITION', leave({ meetingId: scheduled.id, userId: scheduled.host }));
    },
  },
];

export const heartbeatChecks: readonly Check[] = [
  {
    about: 'marks the session, tells nobody, and refuses whoever is not there',
    async run({ heartbeat }, world) {
      const meeting = await world.meeting();
      const away = await world.meeting(unannounced);
      const [userId = ''] = meeting.people;
      await heartbeat({ meetingId: meeting.id, userId });
      assert.equal(
        await world.count('meeting_participant_sessions', 'meeting_id = $1 and last_heartbeat_at is not null', [
          meeting.id,
        ]),
        1,
      );
      assert.deepEqual(await world.told('meeting', meeting.id), []);
      await refuses('FORBIDDEN', heartbeat({ meetingId: away.id, userId: away.people[0] ?? '' }));
      await refuses('NOT_FOUND', heartbeat({ meetingId: meeting.id, userId: nobody }));
    },
  },
];

export const raiseHandChecks: readonly Check[] = [
  {
    about: 'begins an interval once, tells everybody, and refuses whoever may not ask to speak',
    async run({ raiseHand }, world) {
      const meeting = await world.meeting();
      const away = await world.meeting(unannounced);
      const [userId = '', observer = ''] = meeting.people;
      await world.set(
        'meeting_participants',
        `role = 'Observer', can_share_screen = false, can_use_chat = false`,
        'auth_user_id = $1',
        [observer],
      );
      const { handRaisedAt } = await raiseHand({ meetingId: meeting.id, userId });
      assert.deepEqual((await raiseHand({ meetingId: meeting.id, userId })).handRaisedAt, handRaisedAt);
      const { started_at: started } = await world.row<{ started_at: Date }>(
        `select started_at from meeting_media_intervals where auth_user_id = $1 and kind = 'hand' and ended_at is null`,
        [userId],
      );
      assert.deepEqual(handRaisedAt, started);
      assert.deepEqual(heard(await world.told('meeting', meeting.id)), [
        ['participant.hand-raised', 'all', userId, { userId }],
      ]);
      await refuses('FORBIDDEN', raiseHand({ meetingId: meeting.id, userId: observer }));
      await refuses('FORBIDDEN', raiseHand({ meetingId: away.id, userId: away.people[0] ?? '' }));
      await refuses('NOT_FOUND', raiseHand({ meetingId: meeting.id, userId: nobody }));
    },
  },
];

export const setMediaChecks: readonly Check[] = [
  {
    about: 'begins an interval once, and tells everybody what changed',
    async run({ setMedia }, world) {
      const meeting = await world.meeting();
      const [userId = ''] = meeting.people;
      const on = { meetingId: meeting.id, authUserId: userId, microphone: true, speaking: false, camera: false };
      assert.deepEqual({ ...(await setMedia({ meetingId: meeting.id, userId })) }, on);
      assert.deepEqual({ ...(await setMedia({ meetingId: meeting.id, userId })) }, on);
      assert.equal(
        await world.count('meeting_media_intervals', `auth_user_id = $1 and kind = 'microphone' and ended_at is null`, [
          userId,
        ]),
        1,
      );
      const data = { userId, changed: { microphone: true } };
      assert.deepEqual(heard(await world.told('meeting', meeting.id)), [['media.changed', 'all', userId, data]]);
      await refuses('NOT_FOUND', setMedia({ meetingId: meeting.id, userId: nobody }));
    },
  },
];
