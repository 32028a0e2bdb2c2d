import { meetingStream, userStream } from '../core/event.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import type { Joined } from './join.statements.ts';
import type { Gone } from './leave.statements.ts';

/** Hands on what joining has stored: that the person came in, and that an invitation was accepted by it. */
export function tellJoined(
  work: Work,
  meetingId: string,
  row: Joined,
  ids: { readonly joined: string; readonly hosts: string; readonly own: string },
): void {
  const { actorId } = work;
  const stream = meetingStream(meetingId);
  const data = { userId: actorId, role: row.role };
  told(work, row, { id: ids.joined, stream, type: 'participant.joined', audience: 'all', actorId, data });
  if (row.accepted === null) return;
  const { seq, prev, own_seq, own_prev, own_epoch } = row.accepted;
  const { epoch, told_at } = row;
  const accepted = { type: 'invitation.accepted', actorId } as const;
  const about = { inviteeId: actorId, byJoining: true };
  told(work, { seq, prev, epoch, told_at }, { ...accepted, id: ids.hosts, stream, audience: 'hosts', data: about });
  const audience = Object.freeze({ users: Object.freeze([actorId]) });
  const own = { ...accepted, id: ids.own, stream: userStream(actorId), audience, data: { meetingId, ...about } };
  told(work, { seq: own_seq, prev: own_prev, epoch: own_epoch, told_at }, own);
}

/** Hands on what leaving has stored: that a share ended with it, and that the person is gone. */
export function tellLeft(
  work: Work,
  meetingId: string,
  row: Gone,
  ids: { readonly left: string; readonly share: string },
): void {
  const { actorId } = work;
  const { share_prev: before, epoch, told_at } = row;
  const about = { stream: meetingStream(meetingId), audience: 'all', actorId } as const;
  const data = Object.freeze({ userId: actorId, reason: 'left' });
  if (before !== null) {
    const share = { seq: Number(row.seq) - 1, prev: before, epoch, told_at };
    told(work, share, { ...about, id: ids.share, type: 'screen-share.stopped', data });
  }
  told(work, row, { ...about, id: ids.left, type: 'participant.left', data });
}
