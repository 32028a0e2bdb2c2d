import { and, asc, count, desc, eq, isNotNull, isNull, not, or, sql } from 'drizzle-orm';
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
import { nextPage } from '../../views.ts';
import { requirePresence, requireResults, requireVote, running, speakers } from '../rules.ts';
import { append, type Db } from './events.ts';
import { admitted } from './presence.ts';
import { meetings, messages, participants, polls, responses } from './schema.ts';

const pageLength = 50;

function viewOf(row: typeof messages.$inferSelect): MessageView {
  return { ...row, content: row.deletedAt === null ? row.content : null };
}

export function sendChat(db: Db, { content, ...place }: InputOf<'sendChat'>): Promise<MessageView> {
  const { meetingId, userId } = place;
  return db.transaction(async (trx) => {
    const member = await admitted(trx, place, 'share', { roles: speakers, states: running });
    requirePresence(member);
    if (!member.canUseChat && !['Host', 'CoHost'].includes(member.role)) throw new Refused('FORBIDDEN');
    const now = new Date();
    const [sent] = await trx
      .insert(messages)
      .values({ id: newId(), meetingId, senderId: userId, content, sentAt: now })
      .returning();
    if (sent === undefined) throw new Error('nothing was stored');
    const { id, meetingId: streamId, ...view } = viewOf(sent);
    const draft = { id: newId(), streamId, type: 'chat.message.sent', audience: 'all', actorId: userId } as const;
    await append(trx, 'meeting', [{ ...draft, data: { messageId: id, ...view } }], now);
    return viewOf(sent);
  });
}

export function history(db: Db, { meetingId, userId }: Place): Promise<ChatHistory> {
  return db.transaction(async (trx) => {
    const [member] = await trx
      .select({ status: participants.status })
      .from(participants)
      .where(
        and(eq(participants.meetingId, meetingId), eq(participants.authUserId, userId), isNull(participants.removedAt)),
      );
    if (member === undefined) throw new Refused('NOT_FOUND');
    if (member.status === 'Declined') throw new Refused('FORBIDDEN');
    const readable = or(eq(messages.isPrivate, false), eq(messages.senderId, userId), eq(messages.recipientId, userId));
    const rows = await trx
      .select()
      .from(messages)
      .where(and(eq(messages.meetingId, meetingId), readable))
      .orderBy(desc(messages.sentAt), desc(messages.id))
      .limit(pageLength + 1);
    const items = rows.slice(0, pageLength).map(viewOf);
    return { items, nextCursor: rows.length > pageLength ? (items.at(-1)?.id ?? null) : null, previousCursor: null };
  });
}

export async function listUpcoming(db: Db, { userId }: InputOf<'listUpcoming'>): Promise<Page<MeetingView>> {
  const { meetingPassword, recordingUrl, originalStartLocal, ...columns } = getColumns();
  const rows = await db
    .select({
      ...columns,
      hasPassword: sql<boolean>`${meetingPassword} is not null`,
      hasRecording: sql<boolean>`${recordingUrl} is not null`,
    })
    .from(participants)
    .innerJoin(meetings, eq(meetings.id, participants.meetingId))
    .where(
      and(
        ...[eq(participants.authUserId, userId), isNotNull(participants.upcomingAt)],
        not(
          and(isNotNull(meetings.seriesId), isNull(originalStartLocal), eq(meetings.isRecurring, true)) ?? sql`false`,
        ),
      ),
    )
    .orderBy(asc(participants.upcomingAt), asc(participants.meetingId))
    .limit(pageLength + 1);
  const items = rows.slice(0, pageLength);
  const last = items.at(-1);
  const more = rows.length > pageLength && last !== undefined;
  return { items, nextCursor: more ? nextPage('meetings', [last.scheduledStartTime.toISOString(), last.id]) : null };
}

function getColumns() {
  const { id, title, description, meetingType, creatorId, partyId, guildId, classId, subjectId } = meetings;
  const { scheduledStartTime, scheduledEndTime, actualStartTime, actualEndTime, timezone, maxParticipants } = meetings;
  const { currentParticipantsCount, status, isRecurring, recurrencePattern, recordingEnabled, seriesId } = meetings;
  const { templateId, settings, version, createdAt, updatedAt, meetingPassword, recordingUrl } = meetings;
  return {
    ...{ id, title, description, meetingType, creatorId, partyId, guildId, classId, subjectId, scheduledStartTime },
    ...{
      scheduledEndTime,
      actualStartTime,
      actualEndTime,
      timezone,
      maxParticipants,
      currentParticipantsCount,
      status,
    },
    ...{ isRecurring, recurrencePattern, recordingEnabled, seriesId, templateId, settings, version, createdAt },
    ...{ updatedAt, meetingPassword, recordingUrl, originalStartLocal: meetings.originalStartLocal },
  };
}

export function vote(db: Db, { pollId, userId, choice }: InputOf<'vote'>): Promise<VoteView> {
  return db.transaction(async (trx) => {
    const [named] = await trx.select({ meetingId: polls.meetingId }).from(polls).where(eq(polls.id, pollId));
    if (named === undefined) throw new Refused('NOT_FOUND');
    const { meetingId } = named;
    const member = await admitted(trx, { meetingId, userId }, 'share', { roles: speakers, states: running });
    requirePresence(member);
    const [poll] = await trx.select().from(polls).where(eq(polls.id, pollId)).for('share');
    if (poll === undefined) throw new Refused('NOT_FOUND');
    const [before] = await trx
      .select({ id: responses.id })
      .from(responses)
      .where(and(eq(responses.pollId, pollId), eq(responses.respondentId, userId)));
    const now = new Date();
    requireVote(poll, choice, before !== undefined, now);
    const selected = { selectedOptions: [choice], respondedAt: now };
    await trx
      .insert(responses)
      .values({ id: newId(), pollId, respondentId: userId, ...selected })
      .onConflictDoUpdate({ target: [responses.pollId, responses.respondentId], set: selected });
    const data = { meetingId, pollId, selectedOptions: [choice] };
    const draft = { id: newId(), streamId: userId, type: 'poll.vote-received', actorId: userId, data };
    await append(trx, 'user', [{ ...draft, audience: 'users' }], now);
    return { pollId, selectedOptions: [choice], rating: null, responseText: null, respondedAt: now };
  });
}

export function tally(db: Db, { pollId, userId }: InputOf<'tally'>): Promise<PollResults> {
  return db.transaction(async (trx) => {
    const [poll] = await trx
      .select()
      .from(polls)
      .where(and(eq(polls.id, pollId), isNotNull(polls.openedAt)));
    if (poll === undefined) throw new Refused('NOT_FOUND');
    const [member] = await trx
      .select()
      .from(participants)
      .where(
        and(
          ...[eq(participants.meetingId, poll.meetingId), eq(participants.authUserId, userId)],
          isNull(participants.removedAt),
        ),
      );
    if (member === undefined) throw new Refused('NOT_FOUND');
    const [own] = await trx
      .select({ id: responses.id })
      .from(responses)
      .where(and(eq(responses.pollId, pollId), eq(responses.respondentId, userId)));
    requireResults(poll, { ...member, userId }, own !== undefined);
    const groups = await trx
      .select({ selected: responses.selectedOptions, votes: count() })
      .from(responses)
      .where(eq(responses.pollId, pollId))
      .groupBy(responses.selectedOptions);
    return pollResults({
      ...{ id: poll.id, meeting_id: poll.meetingId, question: poll.question, poll_type: poll.pollType },
      ...{ options: poll.options, is_anonymous: poll.isAnonymous, is_active: poll.isActive, closed_at: poll.closedAt },
      ...{ quorum_percent: poll.quorumPercent, entitled_voters: poll.entitledVoters, groups },
    });
  });
}
