import { LockMode, ref, sql } from '@mikro-orm/core';
import { newId } from '../../../src/core/identifier.ts';
import { ChatMessage, type Meeting, Participant, Poll, PollResponse } from '../../../src/entities.ts';
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
import { append, type Em } from './events.ts';
import { admitted } from './presence.ts';

const pageLength = 50;

function messageOf(row: ChatMessage): MessageView {
  return {
    ...{ id: row.id, meetingId: row.meeting.id, senderId: row.senderId, messageType: row.messageType },
    ...{ content: row.deletedAt ? null : row.content, replyToMessageId: row.replyToMessage?.id ?? null },
    ...{ isPrivate: row.isPrivate, recipientId: row.recipientId ?? null, sentAt: row.sentAt },
    ...{ editedAt: row.editedAt ?? null, deletedAt: row.deletedAt ?? null },
    clientMessageId: row.clientMessageId ?? null,
  };
}

export function sendChat(base: Em, { content, ...place }: InputOf<'sendChat'>): Promise<MessageView> {
  const { userId } = place;
  return base.transactional(async (em) => {
    const needs = { roles: speakers, states: running };
    const { meeting, member } = await admitted(em, place, LockMode.PESSIMISTIC_READ, needs);
    requirePresence(member);
    if (!member.canUseChat && !['Host', 'CoHost'].includes(member.role)) throw new Refused('FORBIDDEN');
    const now = new Date();
    const message = em.create(ChatMessage, {
      ...{ id: newId(), meeting: ref(meeting), senderId: userId, content, sentAt: now, messageType: 'Text' },
      isPrivate: false,
    });
    const { id, meetingId: streamId, ...view } = messageOf(message);
    const draft = { id: newId(), streamId, type: 'chat.message.sent', audience: 'all', actorId: userId } as const;
    await append(em, 'meeting', [{ ...draft, data: { messageId: id, ...view } }], now);
    return messageOf(message);
  });
}

export async function history(base: Em, { meetingId, userId }: Place): Promise<ChatHistory> {
  return base.transactional(async (em) => {
    const member = await em.findOne(Participant, { meeting: meetingId, authUserId: userId, removedAt: null });
    if (member === null) throw new Refused('NOT_FOUND');
    if (member.status === 'Declined') throw new Refused('FORBIDDEN');
    const rows = await em.find(
      ChatMessage,
      { meeting: meetingId, $or: [{ isPrivate: false }, { senderId: userId }, { recipientId: userId }] },
      { orderBy: [{ sentAt: 'desc' }, { id: 'desc' }], limit: pageLength + 1 },
    );
    const items = rows.slice(0, pageLength).map(messageOf);
    return { items, nextCursor: rows.length > pageLength ? (items.at(-1)?.id ?? null) : null, previousCursor: null };
  });
}

/** Whether there is a password has to be asked for: the entity gives it to no query that does not name it. */
export async function listUpcoming(em: Em, { userId }: InputOf<'listUpcoming'>): Promise<Page<MeetingView>> {
  const rows = await em.find(
    Participant,
    {
      ...{ authUserId: userId, upcomingAt: { $ne: null } },
      meeting: { $not: { seriesId: { $ne: null }, originalStartLocal: null, isRecurring: true } },
    },
    {
      populate: ['meeting', 'meeting.meetingPassword'],
      strategy: 'joined',
      orderBy: [{ upcomingAt: 'asc' }, { meeting: { id: 'asc' } }],
      limit: pageLength + 1,
    },
  );
  const items = rows.slice(0, pageLength).map(({ meeting }) => meetingOf(meeting.getEntity()));
  const last = items.at(-1);
  const more = rows.length > pageLength && last !== undefined;
  return { items, nextCursor: more ? nextPage('meetings', [last.scheduledStartTime.toISOString(), last.id]) : null };
}

function meetingOf(row: Meeting): MeetingView {
  return {
    ...{ id: row.id, title: row.title, description: row.description ?? null, meetingType: row.meetingType },
    ...{ creatorId: row.creatorId, partyId: row.partyId ?? null, guildId: row.guildId ?? null },
    ...{ classId: row.classId ?? null, subjectId: row.subjectId ?? null },
    ...{ scheduledStartTime: row.scheduledStartTime, scheduledEndTime: row.scheduledEndTime },
    ...{ actualStartTime: row.actualStartTime ?? null, actualEndTime: row.actualEndTime ?? null },
    ...{ timezone: row.timezone, maxParticipants: row.maxParticipants ?? null, status: row.status },
    ...{ currentParticipantsCount: row.currentParticipantsCount, isRecurring: row.isRecurring },
    ...{ recurrencePattern: row.recurrencePattern ?? null, recordingEnabled: row.recordingEnabled },
    ...{ hasPassword: Boolean(row.meetingPassword), hasRecording: Boolean(row.recordingUrl) },
    ...{ seriesId: row.seriesId ?? null, templateId: row.templateId ?? null, settings: row.settings },
    ...{ version: row.version, createdAt: row.createdAt, updatedAt: row.updatedAt },
  };
}

export function vote(base: Em, { pollId, userId, choice }: InputOf<'vote'>): Promise<VoteView> {
  return base.transactional(async (em) => {
    const named = await em.findOne(Poll, pollId, { fields: ['meeting'] });
    if (named === null) throw new Refused('NOT_FOUND');
    const meetingId = named.meeting.id;
    const needs = { roles: speakers, states: running };
    const { member } = await admitted(em, { meetingId, userId }, LockMode.PESSIMISTIC_READ, needs);
    requirePresence(member);
    const poll = await em.findOneOrFail(Poll, pollId, { lockMode: LockMode.PESSIMISTIC_READ, refresh: true });
    const before = await em.count(PollResponse, { poll: pollId, respondentId: userId });
    const now = new Date();
    requireVote(poll, choice, before > 0, now);
    await em.upsert(
      PollResponse,
      { id: newId(), poll: pollId, respondentId: userId, selectedOptions: [choice], respondedAt: now },
      { onConflictFields: ['poll', 'respondentId'], onConflictMergeFields: ['selectedOptions', 'respondedAt'] },
    );
    const data = { meetingId, pollId, selectedOptions: [choice] };
    const draft = {
      id: newId(),
      streamId: userId,
      type: 'poll.vote-received',
      audience: 'users',
      actorId: userId,
    } as const;
    await append(em, 'user', [{ ...draft, data }], now);
    return { pollId, selectedOptions: [choice], rating: null, responseText: null, respondedAt: now };
  });
}

export function tally(base: Em, { pollId, userId }: InputOf<'tally'>): Promise<PollResults> {
  return base.transactional(async (em) => {
    const poll = await em.findOne(Poll, { id: pollId, openedAt: { $ne: null } });
    if (poll === null) throw new Refused('NOT_FOUND');
    const member = await em.findOne(Participant, { meeting: poll.meeting.id, authUserId: userId, removedAt: null });
    if (member === null) throw new Refused('NOT_FOUND');
    const own = await em.count(PollResponse, { poll: pollId, respondentId: userId });
    requireResults(poll, Object.assign(member, { userId }), own > 0);
    const groups = await em
      .createQueryBuilder(PollResponse, 'r')
      .select(['r.selectedOptions', sql`count(*)::int`.as('votes')])
      .where({ poll: pollId })
      .groupBy('r.selectedOptions')
      .execute<{ selectedOptions: number[]; votes: number }[]>('all', true);
    return pollResults({
      ...{ id: poll.id, meeting_id: poll.meeting.id, question: poll.question, poll_type: poll.pollType },
      ...{ options: poll.options, is_anonymous: poll.isAnonymous, is_active: poll.isActive },
      ...{ closed_at: poll.closedAt ?? null, quorum_percent: poll.quorumPercent ?? null },
      ...{ entitled_voters: poll.entitledVoters ?? null },
      groups: groups.map(({ selectedOptions, votes }) => ({ selected: selectedOptions, votes })),
    });
  });
}
