import type { Operation } from './permissions.ts';

/** Each public call on `service.as(actor)` and the one operation it is judged by. */
export const methods = {
  'meetings.schedule': 'meeting.create',
  'meetings.get': 'meeting.read',
  'meetings.list': 'meeting.read',
  'meetings.update': 'meeting.update',
  'meetings.reschedule': 'meeting.reschedule',
  'meetings.postpone': 'meeting.postpone',
  'meetings.start': 'meeting.start',
  'meetings.end': 'meeting.end',
  'meetings.cancel': 'meeting.cancel',
  'meetings.joinInfo': 'meeting.readJoinInfo',
  'meetings.history': 'meeting.history',

  'participants.list': 'participant.list',
  'participants.join': 'participant.join',
  'participants.leave': 'participant.leave',
  'participants.heartbeat': 'participant.heartbeat',
  'participants.remove': 'participant.remove',
  'participants.setRole': 'participant.changeRole',
  'participants.transferHost': 'participant.transferHost',
  'participants.setPermissions': 'participant.setPermissions',
  'participants.raiseHand': 'participant.raiseHand',
  'participants.lowerHand': 'participant.raiseHand',
  'participants.markAttendance': 'participant.markAttendance',
  'participants.attendance': 'participant.attendance',
  'participants.setMedia': 'participant.setMedia',
  'participants.reportIssue': 'participant.reportIssue',

  'invitations.invite': 'invitation.create',
  'invitations.respond': 'invitation.respond',
  'invitations.revoke': 'invitation.revoke',
  'invitations.remind': 'invitation.remind',
  'invitations.list': 'invitation.list',
  'invitations.mine': 'invitation.mine',

  'chat.send': 'chat.send',
  'chat.edit': 'chat.edit',
  'chat.delete': 'chat.delete',
  'chat.history': 'chat.read',
  'chat.search': 'chat.search',
  'chat.markRead': 'chat.markRead',
  'chat.unread': 'chat.markRead',

  'polls.create': 'poll.create',
  'polls.open': 'poll.open',
  'polls.vote': 'poll.vote',
  'polls.retract': 'poll.retract',
  'polls.close': 'poll.close',
  'polls.results': 'poll.resultsOpen',
  'polls.voters': 'poll.voters',
  'polls.get': 'poll.read',
  'polls.list': 'poll.read',
  'polls.exportCsv': 'poll.export',

  'screenShare.start': 'screen.share',
  'screenShare.stop': 'screen.stop',
  'screenShare.current': 'screen.current',
  'screenShare.takeOver': 'screen.takeOver',

  'agenda.add': 'agenda.manage',
  'agenda.update': 'agenda.write',
  'agenda.remove': 'agenda.manage',
  'agenda.reorder': 'agenda.manage',
  'agenda.list': 'agenda.read',
  'agenda.startItem': 'agenda.run',
  'agenda.pauseItem': 'agenda.run',
  'agenda.finishItem': 'agenda.run',
  'agenda.timing': 'agenda.read',
  'agenda.carryOver': 'agenda.carryOver',

  'notes.create': 'note.create',
  'notes.update': 'note.update',
  'notes.archive': 'note.archive',
  'notes.list': 'note.read',
  'notes.revisions': 'note.revisions',
  'notes.assign': 'actionItem.assign',
  'notes.complete': 'actionItem.setStatus',
  'notes.reopen': 'actionItem.setStatus',
  'notes.myActionItems': 'actionItem.mine',
  'notes.minutes': 'note.minutes',
  'notes.publishMinutes': 'note.publishMinutes',
  'notes.importMinutes': 'agenda.manage',

  'attachments.upload': 'attachment.create',
  'attachments.list': 'attachment.read',
  'attachments.download': 'attachment.read',
  'attachments.remove': 'attachment.delete',
  'attachments.markPresentation': 'attachment.markPresentation',
  'attachments.present': 'attachment.present',
  'attachments.stopPresenting': 'attachment.present',

  'links.add': 'links.add',
  'links.list': 'links.list',
  'links.remove': 'links.remove',

  'engagement.meeting': 'analytics.meeting',
  'engagement.participant': 'analytics.person',
  'engagement.participants': 'analytics.person',
  'engagement.explain': 'analytics.person',
  'engagement.recompute': 'engagement.recompute',
  'engagement.trends': 'engagement.trends',
  'engagement.content': 'engagement.content',
  'engagement.outcomes': 'engagement.outcomes',
  'engagement.insights': 'engagement.insights',
  'engagement.submitFeedback': 'engagement.feedback',
  'engagement.attendanceCsv': 'export.attendance',
  'engagement.reportHtml': 'engagement.report',

  'templates.create': 'template.write',
  'templates.get': 'template.read',
  'templates.list': 'template.read',
  'templates.update': 'template.write',
  'templates.remove': 'template.write',
  'templates.instantiate': 'template.use',
  'templates.fromMeeting': 'template.fromMeeting',

  'series.create': 'series.create',
  'series.invite': 'series.invite',
  'series.respond': 'series.respond',
  'series.roster': 'series.roster',
  'series.get': 'series.read',
  'series.list': 'series.read',
  'series.occurrences': 'series.read',
  'series.preview': 'series.write',
  'series.update': 'series.write',
  'series.cancelOccurrence': 'series.write',
  'series.end': 'series.write',

  'reminders.set': 'reminder.set',
  'reminders.list': 'reminder.list',

  'calendar.ics': 'export.ics',
  'calendar.feed': 'calendar.feed',
  'calendar.applyReply': 'invitation.respond',
  'calendar.import': 'meeting.create',

  'video.provision': 'video.provision',
  'video.join': 'video.join',
  'video.startRecording': 'recording.control',
  'video.stopRecording': 'recording.control',
  'video.recording': 'recording.read',
  'video.setRecording': 'recording.set',
  'video.publishRecording': 'recording.publish',
  'video.syncAttendance': 'video.syncAttendance',

  'me.export': 'privacy.exportSelf',
  'me.notifications': 'notification.list',
  'me.markNotificationsRead': 'notification.markRead',
} as const satisfies Record<string, Operation>;

type Method = keyof typeof methods;

/** Calls that leave out the rows that fail instead of throwing. */
export const perRow = [
  'meetings.list',
  'invitations.list',
  'invitations.mine',
  'polls.list',
  'notes.myActionItems',
  'participants.attendance',
  'engagement.participants',
  'engagement.trends',
  'templates.list',
  'series.list',
  'series.occurrences',
  'calendar.feed',
] as const satisfies readonly Method[];

/** What the service itself offers, beside the rooms. */
export const facadeMethods = {
  'service.subscribe': 'events.subscribe',
} as const satisfies Record<string, Operation>;

/** Calls that exist only on `service.asSystem()`. */
export const systemMethods = {
  'participants.recordSession': 'participant.recordSession',
  'chat.sendSystem': 'chat.sendSystem',
  'privacy.export': 'privacy.exportSelf',
  'privacy.erase': 'privacy.erase',
  'privacy.purge': 'meeting.purge',
} as const satisfies Record<string, Operation>;

interface Refinement {
  readonly method: Method | keyof typeof facadeMethods;
  readonly when: string;
  readonly operation: Operation;
  /** `instead` of the method's own operation, or `also`; where a field is named, that field alone. */
  readonly how: 'also' | 'instead';
}

/** Calls that certain arguments turn into another operation, or into one more. */
export const refinements = [
  {
    method: 'meetings.update',
    when: 'a field of meeting.setAccess is given',
    operation: 'meeting.setAccess',
    how: 'also',
  },
  { method: 'chat.send', when: 'recipientId is given', operation: 'chat.sendPrivate', how: 'instead' },
  { method: 'chat.history', when: 'with is given', operation: 'chat.readPrivate', how: 'instead' },
  { method: 'polls.results', when: 'the poll is closed', operation: 'poll.resultsClosed', how: 'instead' },
  { method: 'notes.create', when: 'assignedTo is given', operation: 'actionItem.assign', how: 'also' },
  { method: 'notes.update', when: 'assignedTo changes', operation: 'actionItem.assign', how: 'also' },
  {
    method: 'attachments.upload',
    when: 'isPresentation is true',
    operation: 'attachment.markPresentation',
    how: 'also',
  },
  { method: 'agenda.carryOver', when: 'always, on fromMeetingId', operation: 'agenda.read', how: 'also' },
  { method: 'calendar.ics', when: 'seriesId is given', operation: 'series.read', how: 'instead' },
  { method: 'service.subscribe', when: 'no meetingId', operation: 'notification.list', how: 'instead' },
] as const satisfies readonly Refinement[];

/** Operations that no public call leads to, and who performs them. */
export const withoutMethod = {
  'invitation.expire': 'worker and meeting end',
  'participant.admit': 'waiting room, if built',
  'poll.update': 'no public call yet',
} as const satisfies { readonly [Name in Operation]?: string };
