import type { ConditionName, PermissionRow } from './permission-terms.ts';

const scheduled = ['Scheduled'] as const;
const ahead = ['Scheduled', 'Postponed'] as const;
const running = ['InProgress'] as const;
const notOver = ['Scheduled', 'Postponed', 'InProgress'] as const;
const notCancelled = ['Scheduled', 'Postponed', 'InProgress', 'Completed'] as const;
const begun = ['InProgress', 'Completed'] as const;
const completed = ['Completed'] as const;
const anyState = ['Scheduled', 'Postponed', 'InProgress', 'Completed', 'Cancelled'] as const;

const belowHost = ['CoHost', 'Presenter', 'Participant', 'Observer'] as const;
const belowCoHost = ['Presenter', 'Participant', 'Observer'] as const;

/**
 * Who may do what, in which state of the meeting, and what else must hold: the only source of rights.
 * `cells` has one letter for each of Host, CoHost, Presenter, Participant, Observer, Outsider and System:
 * A allowed, D denied, O own object only, L targets of lower rank only, F needs the flag, H a limited view, P as the
 * switch says.
 */
export const permissions = {
  'meeting.read': { cells: 'AAAAAPA', states: anyState, switch: 'visibleToOutsiders' },
  'meeting.readJoinInfo': { cells: 'AAAAADA', states: notOver, requires: ['notDeclined'] },
  // Times and zone are meeting.reschedule; link, password, recording and switches are meeting.setAccess.
  'meeting.update': {
    cells: 'AADDDDA',
    states: notOver,
    requires: ['capacityHoldsPresent'],
    fields: {
      '*': ['title', 'description', 'meetingType', 'partyId', 'guildId', 'classId', 'subjectId', 'maxParticipants'],
      InProgress: ['title', 'description', 'maxParticipants'],
    },
  },
  'meeting.setAccess': {
    cells: 'ADDDDDA',
    states: notOver,
    fields: { '*': ['meetingPassword', 'meetingUrl', 'recordingEnabled', 'settings'] },
  },
  'meeting.reschedule': { cells: 'AADDDDA', states: ahead },
  'meeting.postpone': { cells: 'AADDDDA', states: scheduled },
  'meeting.cancel': { cells: 'ADDDDDA', states: ahead },
  'meeting.start': { cells: 'APDDDDA', states: scheduled, switch: 'coHostMayStart', requires: ['withinStartWindow'] },
  'meeting.end': { cells: 'APDDDDA', states: running, switch: 'coHostMayEnd' },
  'meeting.purge': { cells: 'DDDDDDA', states: anyState },
  // The caller becomes Host, so anybody the host application lets call may; System names the creator.
  'meeting.create': { cells: 'AAAAAAA', scope: 'none' },
  'meeting.history': { cells: 'AAAAHDA', states: anyState, view: 'observerAudience' },

  // Only a Host makes CoHosts, and nobody makes a Host but by participant.transferHost.
  'invitation.create': {
    cells: 'AAPPDDA',
    states: notOver,
    switch: 'participantsMayInvite',
    requires: ['grantsAllowedRole'],
    grants: { Host: belowHost, CoHost: belowCoHost, Participant: ['Participant', 'Observer'], System: belowHost },
  },
  'invitation.revoke': { cells: 'AAOODDA', states: notOver, own: 'isInviterOfPending' },
  'invitation.remind': { cells: 'AADDDDA', states: notOver, requires: ['reminderInterval'] },
  'invitation.list': { cells: 'AAOOOOA', states: anyState, own: 'isInviteeOrInviter' },
  // Nobody answers for another, so System cannot; an Outsider may be an invitee without a row.
  'invitation.respond': { cells: 'OOOOOOD', states: notOver, own: 'isInvitee', requires: ['invitationOpen'] },
  'invitation.expire': { cells: 'DDDDDDA', states: anyState },
  'invitation.mine': { cells: 'OOOOOOD', scope: 'self', own: 'isInvitee' },

  // Observers may be parents or auditors: they learn who leads and how many there are, not who sits there.
  'participant.list': { cells: 'AAAAHDA', states: anyState, view: 'hostsAndCountOnly' },
  // notRemoved stands beside openJoin: an open door does not readmit whoever was removed. Imports use recordSession.
  'participant.join': {
    cells: 'OOOOOPD',
    states: running,
    own: 'isSelf',
    switch: 'openJoin',
    requires: ['notRemoved', 'passwordGiven', 'seatFree'],
  },
  'participant.leave': { cells: 'OOOOODA', states: running, own: 'isSelf' },
  'participant.admit': { cells: 'AADDDDD', states: running },
  // Strictly below: never oneself, never the Host.
  'participant.remove': { cells: 'LLDDDDA', states: notOver },
  'participant.changeRole': {
    cells: 'LLDDDDA',
    states: notOver,
    requires: ['grantsAllowedRole'],
    grants: { Host: belowHost, CoHost: belowCoHost, System: belowHost },
  },
  'participant.transferHost': { cells: 'ADDDDDA', states: notOver, requires: ['targetMayHost'] },
  // A flag never lifts an Observer: the rows that read one deny Observers.
  'participant.setPermissions': {
    cells: 'LLDDDDA',
    states: notOver,
    fields: { '*': ['isPresenter', 'canShareScreen', 'canUseChat'] },
  },
  'participant.recordSession': { cells: 'DDDDDDA', states: begun },
  'participant.raiseHand': { cells: 'OOOODDD', states: running, own: 'isSelf', requires: ['present'] },
  'participant.heartbeat': { cells: 'OOOOODD', states: running, own: 'isSelf', requires: ['present'] },
  // What a video platform reports arrives by its webhook, so System is not needed here.
  'participant.setMedia': { cells: 'OOOODDD', states: running, own: 'isSelf', requires: ['present'] },
  'participant.markAttendance': { cells: 'AADDDDA', states: completed, requires: ['targetIsMember'] },
  'participant.attendance': { cells: 'AAOOODA', states: anyState, own: 'isSelf' },
  // No presence needed: failing to get in is an issue worth reporting.
  'participant.reportIssue': { cells: 'OOOOODA', states: running, own: 'isSelf' },

  'agenda.read': { cells: 'AAAAADA', states: anyState },
  'agenda.write': {
    cells: 'AAODDDA',
    states: notOver,
    own: 'isPresenterOfItem',
    fields: {
      '*': ['title', 'description', 'allocatedMinutes', 'presenterId', 'agendaType', 'questId', 'resources'],
      Presenter: ['title', 'description', 'resources'],
    },
  },
  'agenda.manage': { cells: 'AADDDDA', states: notOver },
  'agenda.run': { cells: 'AAODDDA', states: running, own: 'isPresenterOfItem' },
  // Judged on the target meeting; the source, in any state, needs agenda.read.
  'agenda.carryOver': { cells: 'AADDDDA', states: notOver },

  'note.read': { cells: 'AAAAADA', states: anyState },
  'note.create': { cells: 'AAAADDA', states: notCancelled },
  // An edit is signed by whoever made it, so System cannot.
  'note.update': { cells: 'AAOODDD', states: notCancelled, own: 'isAuthor', requires: ['versionMatches'] },
  'note.archive': { cells: 'AAOODDA', states: notCancelled, own: 'isAuthor' },
  'note.minutes': { cells: 'AAAPPDA', states: anyState, switch: 'publishMinutes' },
  // Who may edit the note may see how it came to be.
  'note.revisions': { cells: 'AAOODDA', states: anyState, own: 'isAuthor' },
  'note.publishMinutes': { cells: 'AADDDDA', states: completed },

  'actionItem.setStatus': { cells: 'AAOOODD', states: notCancelled, own: 'isAssignee' },
  'actionItem.assign': { cells: 'AAOODDD', states: notCancelled, own: 'isAuthor', requires: ['assigneeIsMember'] },
  // memberNow: items of a meeting one was removed from are left out.
  'actionItem.mine': { cells: 'OOOOOOD', scope: 'self', own: 'isAssignee', requires: ['memberNow'] },

  'attachment.read': { cells: 'AAAAADA', states: anyState },
  'attachment.create': { cells: 'AAAPDDA', states: notCancelled, switch: 'participantsMayUpload' },
  'attachment.delete': { cells: 'AAOODDA', states: notCancelled, own: 'isUploader' },
  'attachment.markPresentation': { cells: 'AAODDDD', states: notOver, own: 'isUploader' },
  'attachment.present': { cells: 'AAADDDD', states: running, requires: ['present'] },

  'links.add': { cells: 'AAADDDA', states: notCancelled },
  'links.list': { cells: 'AAAAADA', states: anyState },
  'links.remove': { cells: 'AAODDDA', states: notCancelled, own: 'isCreator' },

  // Membership counts now, not when the message was sent.
  'chat.read': { cells: 'AAAAADD', states: anyState, requires: ['memberNow', 'notDeclined'] },
  'chat.send': { cells: 'AAFFDDD', states: running, flag: 'canUseChat', requires: ['present'] },
  // The switch is read by privateChatAllows and binds every cell, the Host's included.
  'chat.sendPrivate': {
    cells: 'AAFFDDD',
    states: running,
    flag: 'canUseChat',
    switch: 'privateChat',
    requires: ['present', 'privateChatAllows', 'recipientReachable'],
  },
  // Two people's words: neither Host nor System reads along.
  'chat.readPrivate': {
    cells: 'OOOOODD',
    states: anyState,
    own: 'isSenderOrRecipient',
    requires: ['memberNow', 'notDeclined'],
  },
  // Whoever lost the right to send must not speak by editing; isAuthor binds the F cells too.
  'chat.edit': {
    cells: 'OOFFDDD',
    states: running,
    flag: 'canUseChat',
    own: 'isAuthor',
    requires: ['isAuthor', 'present', 'withinEditWindow'],
  },
  'chat.delete': { cells: 'AAOODDA', states: notCancelled, own: 'isAuthor', requires: ['publicOrOwnMessage'] },
  // The only way System speaks; messageType System is not accepted from callers.
  'chat.sendSystem': { cells: 'DDDDDDA', states: anyState },
  'chat.search': { cells: 'AAAAADD', states: anyState, requires: ['memberNow', 'notDeclined'] },
  'chat.markRead': { cells: 'OOOOODD', states: anyState, own: 'isSelf', requires: ['memberNow', 'notDeclined'] },

  // Before the start only as a draft, which poll.open opens.
  'poll.create': {
    cells: 'AAADDDD',
    states: notOver,
    requires: ['secretIfAnonymous'],
    requiresIn: { Scheduled: ['draftOnly'], Postponed: ['draftOnly'] },
  },
  'poll.update': {
    cells: 'OOODDDD',
    states: notOver,
    own: 'isCreator',
    requires: ['noVotesYet'],
    requiresIn: { Scheduled: ['draftOnly'], Postponed: ['draftOnly'] },
  },
  'poll.close': { cells: 'AAODDDA', states: running, own: 'isCreator', requires: ['pollOpen'] },
  'poll.vote': { cells: 'AAAADDD', states: running, requires: ['present', 'pollOpen', 'mayChangeVote'] },
  // The creator sees totals whatever the switch says.
  'poll.resultsOpen': {
    cells: 'AAPPDDD',
    states: running,
    own: 'isCreator',
    switch: 'resultsVisibility',
    allows: { always: [], afterVote: ['hasVoted'], afterClose: null, hostsOnly: null },
    ownerPasses: true,
  },
  'poll.resultsClosed': {
    cells: 'AAPPPDA',
    states: anyState,
    own: 'isCreator',
    switch: 'resultsVisibility',
    allows: { always: [], afterVote: [], afterClose: [], hostsOnly: null },
    ownerPasses: true,
  },
  // An anonymous poll stores no link from person to choice, so there is nothing to show anybody.
  'poll.voters': { cells: 'AAODDDD', states: anyState, own: 'isCreator', requires: ['notAnonymous'] },
  'poll.read': { cells: 'AAHHHDA', states: anyState, view: 'noOthersDrafts' },
  'poll.open': { cells: 'AAODDDD', states: running, own: 'isCreator', requires: ['pollDraft'] },
  'poll.retract': { cells: 'AAAADDD', states: running, requires: ['present', 'pollOpen', 'mayChangeVote'] },
  'poll.export': { cells: 'AAODDDA', states: anyState, own: 'isCreator' },

  'screen.share': { cells: 'AAAFDDD', states: running, flag: 'canShareScreen', requires: ['present', 'noOtherSharer'] },
  // No flag: whoever loses it can still stop.
  'screen.stop': { cells: 'AAOODDA', states: running, own: 'isSharer' },
  'screen.takeOver': { cells: 'AAADDDD', states: running, requires: ['present'] },
  'screen.current': { cells: 'AAAAADA', states: anyState },

  'recording.control': { cells: 'AADDDDA', states: running, requires: ['recordingEnabled'] },
  'recording.read': { cells: 'AAPPPDA', states: anyState, switch: 'publishRecording' },
  'recording.set': { cells: 'AADDDDA', states: begun },
  'recording.publish': { cells: 'ADDDDDA', states: completed },

  // It sets the meeting's link, so it is as narrow as meeting.setAccess.
  'video.provision': { cells: 'ADDDDDA', states: notOver },
  // The Declined and walk-ins go through participant.join first.
  'video.join': { cells: 'OOOOODD', states: running, own: 'isSelf', requires: ['notDeclined'] },
  'video.syncAttendance': { cells: 'AADDDDA', states: begun },

  'analytics.meeting': { cells: 'AADDDDA', states: anyState },
  'analytics.person': { cells: 'AAOOODA', states: anyState, own: 'isSelf' },

  'engagement.recompute': { cells: 'ADDDDDA', states: completed },
  // Over the meetings that the caller created or hosts; others are left out of the figures.
  'engagement.trends': { cells: 'OOOOOOA', scope: 'self', own: 'isCreatorOrHost' },
  'engagement.content': { cells: 'AADDDDA', states: anyState },
  'engagement.outcomes': { cells: 'AADDDDA', states: anyState },
  'engagement.insights': { cells: 'AADDDDA', states: anyState },
  'engagement.report': { cells: 'AADDDDA', states: anyState },
  'engagement.feedback': { cells: 'OOOOODD', states: completed, own: 'isSelf', requires: ['attended'] },

  'template.read': { cells: 'OOOOOOA', scope: 'template', own: 'isTemplateOwnerOrPublic' },
  // Public or not; who creates one owns it.
  'template.write': { cells: 'OOOOOOD', scope: 'template', own: 'isTemplateOwner' },
  'template.use': { cells: 'OOOOOOA', scope: 'template', own: 'isTemplateOwnerOrPublic' },
  'template.fromMeeting': { cells: 'AADDDDD', states: anyState },

  // A CoHost of one occurrence changes that occurrence only, by meeting.*: a part must not give power over the whole.
  'series.write': { cells: 'ODDDDDA', scope: 'series', own: 'isCreator' },
  'series.create': { cells: 'AAAAAAA', scope: 'none' },
  // Occurrences are filtered by meeting.read.
  'series.read': { cells: 'AAAAAPA', scope: 'series', switch: 'visibleToOutsiders' },
  'series.roster': { cells: 'AAAAHDA', scope: 'series', view: 'hostsAndCountOnly' },
  'series.invite': {
    cells: 'ODDDDDA',
    scope: 'series',
    own: 'isCreator',
    requires: ['grantsAllowedRole'],
    grants: { Host: belowHost, System: belowHost },
  },
  'series.respond': { cells: 'OOOOOOD', scope: 'series', own: 'isInvitee', requires: ['invitationOpen'] },

  'reminder.set': { cells: 'AADDDDA', states: ahead },
  'reminder.list': { cells: 'AAHHHDA', states: anyState, view: 'offsetsAndOwnDeliveries' },

  'calendar.feed': { cells: 'OOOOOOD', scope: 'self', own: 'isSelf' },

  'export.ics': { cells: 'AAAAADA', states: anyState },
  'export.attendance': { cells: 'AADDDDA', states: anyState },

  'notification.list': { cells: 'OOOOOOD', scope: 'self', own: 'isSelf' },
  'notification.markRead': { cells: 'OOOOOOD', scope: 'self', own: 'isSelf' },

  'privacy.exportSelf': { cells: 'OOOOOOA', scope: 'self', own: 'isSelf' },
  // Totals stay, the person goes.
  'privacy.erase': { cells: 'DDDDDDA', scope: 'none' },

  // The audience is computed anew for each event from current rows; a replay obeys the same filter.
  'events.subscribe': { cells: 'AAAAHDA', states: anyState, view: 'observerAudience', requires: ['memberNow'] },
} as const satisfies Record<string, PermissionRow>;

/** The name of something that can be asked for. */
export type Operation = keyof typeof permissions;

type Listed<List> = List extends readonly (infer Name extends ConditionName)[] ? Name : never;
type Named<Op extends Operation, Key extends string> = Key extends keyof (typeof permissions)[Op]
  ? (typeof permissions)[Op][Key]
  : never;
type ListedIn<Lists> = Listed<Lists[keyof Lists]>;

/** Every condition an operation can meet on its way: in all states, in one, or by a word of its switch. */
export type RequiredConditions<Op extends Operation> =
  | Listed<Named<Op, 'requires'>>
  | ListedIn<Named<Op, 'requiresIn'>>
  | ListedIn<Named<Op, 'allows'>>;
