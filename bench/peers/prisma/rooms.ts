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
import { append, type Db, type Json } from './events.ts';
import type { ChatMessage, Meeting, Poll } from './generated/client.ts';
import { admitted } from './presence.ts';

const pageLength = 50;

function messageOf(row: ChatMessage): MessageView {
  return { ...row, content: row.deletedAt === null ? row.content : null };
}

export function sendChat(db: Db, { content, ...place }: InputOf<'sendChat'>): Promise<MessageView> {
  const { meetingId, userId } = place;
  return db.$transaction(async (trx) => {
    const member = await admitted(trx, place, 'share', { roles: speakers, states: running });
    requirePresence(member);
    if (!member.canUseChat && !['Host', 'CoHost'].includes(member.role)) throw new Refused('FORBIDDEN');
    const now = new Date();
    const sent = await trx.chatMessage.create({
      data: { id: newId(), meetingId, senderId: userId, content, sentAt: now },
    });
    const { id, meetingId: streamId, ...view } = messageOf(sent);
    const data = { messageId: id, ...view, sentAt: view.sentAt.toISOString() };
    const draft = { id: newId(), streamId, type: 'chat.message.sent', audience: 'all', actorId: userId, data } as const;
    await append(trx, 'meeting', [draft], now);
    return messageOf(sent);
  });
}

export function history(db: Db, { meetingId, userId }: Place): Promise<ChatHistory> {
  return db.$transaction(async (trx) => {
    const member = await trx.participant.findUnique({
      where: { meetingId_authUserId: { meetingId, authUserId: userId }, removedAt: null },
      select: { status: true },
    });
    if (member === null) throw new Refused('NOT_FOUND');
    if (member.status === 'Declined') throw new Refused('FORBIDDEN');
    const rows = await trx.chatMessage.findMany({
      where: { meetingId, OR: [{ isPrivate: false }, { senderId: userId }, { recipientId: userId }] },
      orderBy: [{ sentAt: 'desc' }, { id: 'desc' }],
      take: pageLength + 1,
    });
    const items = rows.slice(0, pageLength).map(messageOf);
    return { items, nextCursor: rows.length > pageLength ? (items.at(-1)?.id ?? null) : null, previousCursor: null };
  });
}

export async function listUpcoming(db: Db, { userId }: InputOf<'listUpcoming'>): Promise<Page<MeetingView>> {
  const rows = await db.participant.findMany({
    where: {
      ...{ authUserId: userId, upcomingAt: { not: null } },
      meeting: { NOT: { seriesId: { not: null }, originalStartLocal: null, isRecurring: true } },
    },
    orderBy: [{ upcomingAt: 'asc' }, { meetingId: 'asc' }],
    take: pageLength + 1,
    select: { meeting: { omit: { originalStartLocal: true } } },
  });
  const items = rows.slice(0, pageLength).map(({ meeting }) => meetingOf(meeting));
  const last = items.at(-1);
  const more = rows.length > pageLength && last !== undefined;
  return { items, nextCursor: more ? nextPage('meetings', [last.scheduledStartTime.toISOString(), last.id]) : null };
}

type Listed = Omit<Meeting, 'originalStartLocal'>;

function meetingOf({ meetingPassword, recordingUrl, ...row }: Listed): MeetingView {
  return {
    ...row,
    meetingType: row.meetingType === 'OfficeHours' ? 'Office Hours' : row.meetingType,
    recurrencePattern: row.recurrencePattern as MeetingView['recurrencePattern'],
    settings: row.settings as MeetingView['settings'],
    hasPassword: meetingPassword !== null,
    hasRecording: recordingUrl !== null,
  };
}

export function vote(db: Db, { pollId, userId, choice }: InputOf<'vote'>): Promise<VoteView> {
  return db.$transaction(async (trx) => {
    const named = await trx.poll.findUnique({ where: { id: pollId }, select: { meetingId: true } });
    if (named === null) throw new Refused('NOT_FOUND');
    const { meetingId } = named;
    const member = await admitted(trx, { meetingId, userId }, 'share', { roles: speakers, states: running });
    requirePresence(member);
    await trx.$queryRaw`select id from convoke.meeting_polls where id = ${pollId}::uuid for share`;
    const poll = await trx.poll.findUniqueOrThrow({ where: { id: pollId } });
    const where = { pollId_respondentId: { pollId, respondentId: userId } };
    const before = await trx.pollResponse.findUnique({ where, select: { id: true } });
    const now = new Date();
    requireVote({ ...poll, options: optionsOf(poll) }, choice, before !== null, now);
    const selected = { selectedOptions: [choice], respondedAt: now };
    await trx.pollResponse.upsert({
      where,
      create: { id: newId(), pollId, respondentId: userId, ...selected },
      update: selected,
    });
    const data: Json = { meetingId, pollId, selectedOptions: [choice] };
    const draft = { id: newId(), streamId: userId, type: 'poll.vote-received', actorId: userId, data };
    await append(trx, 'user', [{ ...draft, audience: 'users' }], now);
    return { pollId, selectedOptions: [choice], rating: null, responseText: null, respondedAt: now };
  });
}

export function tally(db: Db, { pollId, userId }: InputOf<'tally'>): Promise<PollResults> {
  return db.$transaction(async (trx) => {
    const poll = await trx.poll.findUnique({ where: { id: pollId, openedAt: { not: null } } });
    if (poll === null) throw new Refused('NOT_FOUND');
    const { meetingId } = poll;
    const member = await trx.participant.findUnique({
      where: { meetingId_authUserId: { meetingId, authUserId: userId }, removedAt: null },
    });
    if (member === null) throw new Refused('NOT_FOUND');
    const own = await trx.pollResponse.findUnique({ where: { pollId_respondentId: { pollId, respondentId: userId } } });
    requireResults(poll, { ...member, userId }, own !== null);
    const groups = await trx.pollResponse.groupBy({
      by: ['selectedOptions'],
      where: { pollId },
      _count: { _all: true },
    });
    return pollResults({
      ...{ id: poll.id, meeting_id: meetingId, question: poll.question, poll_type: poll.pollType },
      ...{ options: optionsOf(poll), is_anonymous: poll.isAnonymous, is_active: poll.isActive },
      ...{ closed_at: poll.closedAt, quorum_percent: poll.quorumPercent, entitled_voters: poll.entitledVoters },
      groups: groups.map(({ selectedOptions, _count }) => ({
        selected: selectedOptions as number[],
        votes: _count._all,
      })),
    });
  });
}

function optionsOf({ options }: Poll): string[] {
  return Array.isArray(options) ? options.map(String) : [];
}
