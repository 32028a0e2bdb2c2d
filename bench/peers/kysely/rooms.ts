import { newId } from '../../../src/core/identifier.ts';
import type { MeetingView, Page } from '../../../src/index.ts';
import {
  type ChatHistory,
  type InputOf,
  type MessageView,
  type Place,
  type PollResults,
  Refused,
  type VoteView,
} from '../../operations.ts';
import { pollResults } from '../../tally.ts';
import { meetingView, messageView, nextPage } from '../../views.ts';
import { requirePresence, requireResults, requireVote, running, speakers } from '../rules.ts';
import { append, type Db } from './events.ts';
import { admitted } from './presence.ts';

const messageColumns = [
  ...(['id', 'meeting_id', 'sender_id', 'message_type', 'content', 'reply_to_message_id', 'is_private'] as const),
  ...(['recipient_id', 'sent_at', 'edited_at', 'deleted_at', 'client_message_id'] as const),
];
const pageLength = 50;

export function sendChat(db: Db, { content, ...place }: InputOf<'sendChat'>): Promise<MessageView> {
  const { meetingId, userId } = place;
  return db.transaction().execute(async (trx) => {
    const member = await admitted(trx, place, 'share', { roles: speakers, states: running });
    requirePresence(member);
    if (!member.can_use_chat && !['Host', 'CoHost'].includes(member.role)) throw new Refused('FORBIDDEN');
    const now = new Date();
    const sent = await trx
      .insertInto('meeting_chat_messages')
      .values({ id: newId(), meeting_id: meetingId, sender_id: userId, content, sent_at: now })
      .returning(messageColumns)
      .executeTakeFirstOrThrow();
    const { id, meetingId: streamId, ...view } = messageView(sent);
    const data = { messageId: id, ...view };
    const draft = { id: newId(), streamId, type: 'chat.message.sent', audience: 'all', actorId: userId, data } as const;
    await append(trx, 'meeting', [draft], now);
    return messageView(sent);
  });
}

export function history(db: Db, { meetingId, userId }: Place): Promise<ChatHistory> {
  return db.transaction().execute(async (trx) => {
    const member = await trx
      .selectFrom('meeting_participants')
      .select('status')
      .where('meeting_id', '=', meetingId)
      .where('auth_user_id', '=', userId)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (member === undefined) throw new Refused('NOT_FOUND');
    if (member.status === 'Declined') throw new Refused('FORBIDDEN');
    const rows = await trx
      .selectFrom('meeting_chat_messages')
      .select(messageColumns)
      .where('meeting_id', '=', meetingId)
      .where((eb) =>
        eb.or([eb('is_private', '=', false), eb('sender_id', '=', userId), eb('recipient_id', '=', userId)]),
      )
      .orderBy('sent_at', 'desc')
      .orderBy('id', 'desc')
      .limit(pageLength + 1)
      .execute();
    const items = rows.slice(0, pageLength).map(messageView);
    return { items, nextCursor: rows.length > pageLength ? (items.at(-1)?.id ?? null) : null, previousCursor: null };
  });
}

export async function listUpcoming(db: Db, { userId }: InputOf<'listUpcoming'>): Promise<Page<MeetingView>> {
  const rows = await db
    .selectFrom('meeting_participants as p')
    .innerJoin('meetings as m', 'm.id', 'p.meeting_id')
    .select(['m.id', 'm.title', 'm.description', 'm.meeting_type', 'm.creator_id', 'm.party_id', 'm.guild_id'])
    .select(['m.class_id', 'm.subject_id', 'm.scheduled_start_time', 'm.scheduled_end_time', 'm.actual_start_time'])
    .select(['m.actual_end_time', 'm.timezone', 'm.max_participants', 'm.current_participants_count', 'm.status'])
    .select(['m.is_recurring', 'm.recurrence_pattern', 'm.recording_enabled', 'm.series_id', 'm.template_id'])
    .select(['m.settings', 'm.version', 'm.created_at', 'm.updated_at', 'p.upcoming_at'])
    .select((eb) => [
      eb('m.meeting_password', 'is not', null).as('has_password'),
      eb('m.recording_url', 'is not', null).as('has_recording'),
    ])
    .where('p.auth_user_id', '=', userId)
    .where('p.upcoming_at', 'is not', null)
    .where((eb) =>
      eb.not(
        eb.and([
          eb('m.series_id', 'is not', null),
          eb('m.original_start_local', 'is', null),
          eb('m.is_recurring', '=', true),
        ]),
      ),
    )
    .orderBy('p.upcoming_at')
    .orderBy('p.meeting_id')
    .limit(pageLength + 1)
    .execute();
  const items = rows
    .slice(0, pageLength)
    .map(({ has_password, has_recording, ...row }) =>
      meetingView({ ...row, has_password: Boolean(has_password), has_recording: Boolean(has_recording) }),
    );
  const last = rows[pageLength - 1];
  const more = rows.length > pageLength && last !== undefined;
  return { items, nextCursor: more ? nextPage('meetings', [String(last.upcoming_at?.toISOString()), last.id]) : null };
}

export function vote(db: Db, { pollId, userId, choice }: InputOf<'vote'>): Promise<VoteView> {
  return db.transaction().execute(async (trx) => {
    const named = await trx
      .selectFrom('meeting_polls')
      .select('meeting_id')
      .where('id', '=', pollId)
      .executeTakeFirst();
    if (named === undefined) throw new Refused('NOT_FOUND');
    const meetingId = named.meeting_id;
    const member = await admitted(trx, { meetingId, userId }, 'share', { roles: speakers, states: running });
    requirePresence(member);
    const poll = await trx
      .selectFrom('meeting_polls')
      .select([
        'is_active as isActive',
        'closes_at as closesAt',
        'poll_type as pollType',
        'is_anonymous as isAnonymous',
      ])
      .select(['options', 'allow_change as allowChange'])
      .where('id', '=', pollId)
      .forShare()
      .executeTakeFirstOrThrow();
    const before = await trx
      .selectFrom('meeting_poll_responses')
      .select('id')
      .where('poll_id', '=', pollId)
      .where('respondent_id', '=', userId)
      .executeTakeFirst();
    const now = new Date();
    requireVote(poll, choice, before !== undefined, now);
    const selected = JSON.stringify([choice]);
    await trx
      .insertInto('meeting_poll_responses')
      .values({ id: newId(), poll_id: pollId, respondent_id: userId, selected_options: selected, responded_at: now })
      .onConflict((conflict) =>
        conflict.columns(['poll_id', 'respondent_id']).doUpdateSet({ selected_options: selected, responded_at: now }),
      )
      .execute();
    const data = { meetingId, pollId, selectedOptions: [choice] };
    const draft = { id: newId(), streamId: userId, type: 'poll.vote-received', actorId: userId, data } as const;
    await append(trx, 'user', [{ ...draft, audience: 'users' }], now);
    return { pollId, selectedOptions: [choice], rating: null, responseText: null, respondedAt: now };
  });
}

export function tally(db: Db, { pollId, userId }: InputOf<'tally'>): Promise<PollResults> {
  return db.transaction().execute(async (trx) => {
    const poll = await trx
      .selectFrom('meeting_polls')
      .select(['id', 'meeting_id', 'creator_id', 'question', 'poll_type', 'options', 'is_anonymous', 'is_active'])
      .select(['closed_at', 'quorum_percent', 'entitled_voters', 'results_visibility'])
      .where('id', '=', pollId)
      .where('opened_at', 'is not', null)
      .executeTakeFirst();
    if (poll === undefined) throw new Refused('NOT_FOUND');
    const member = await trx
      .selectFrom('meeting_participants')
      .select(['role', 'removed_at as removedAt', 'joined_at as joinedAt', 'left_at as leftAt'])
      .where('meeting_id', '=', poll.meeting_id)
      .where('auth_user_id', '=', userId)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (member === undefined) throw new Refused('NOT_FOUND');
    const own = await trx
      .selectFrom('meeting_poll_responses')
      .select('id')
      .where('poll_id', '=', pollId)
      .where('respondent_id', '=', userId)
      .executeTakeFirst();
    const { is_active: isActive, results_visibility: resultsVisibility, creator_id: creatorId } = poll;
    requireResults({ isActive, resultsVisibility, creatorId }, { ...member, userId }, own !== undefined);
    const rows = await trx
      .selectFrom('meeting_poll_responses')
      .select(['selected_options as selected', (eb) => eb.fn.countAll<string>().as('votes')])
      .where('poll_id', '=', pollId)
      .groupBy('selected_options')
      .execute();
    return pollResults({ ...poll, groups: rows.map(({ selected, votes }) => ({ selected, votes: Number(votes) })) });
  });
}
