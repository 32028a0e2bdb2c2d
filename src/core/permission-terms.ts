import type { MeetingStatus, ParticipantRole } from './enums.ts';
import type { MeetingErrorCode } from './errors.ts';

/**
 * Everybody an operation can be asked by, in the order of the seven letters of a row's `cells`. An Outsider has no
 * place in the meeting, or has lost it; System is the capability that `asSystem()` hands out.
 */
export const actors = ['Host', 'CoHost', 'Presenter', 'Participant', 'Observer', 'Outsider', 'System'] as const;
export type ActorRole = (typeof actors)[number];

/** What a letter in `cells` says about one actor. */
export const cells = {
  A: 'allowed',
  D: 'denied',
  O: 'own object only, by the predicate in `own`; a list shows only the own rows',
  L: 'only targets ranked strictly below the actor',
  F: 'only with the participant flag in `flag`',
  H: 'allowed, and the answer goes through the projection in `view`',
  P: 'as the policy switch in `switch` says',
} as const;
export type Cell = keyof typeof cells;

/** A higher number outranks a lower one; equals do not outrank each other. */
export const roleRanks = {
  Host: 5,
  CoHost: 4,
  Presenter: 3,
  Participant: 2,
  Observer: 1,
} as const satisfies Record<ParticipantRole, number>;

/** The roles that `privateChat: 'hostsOnly'` calls hosts. */
export const hostRoles = ['Host', 'CoHost'] as const satisfies readonly ParticipantRole[];

/** The permission flags of a participant's row. */
export type PermissionFlag = 'canUseChat' | 'canShareScreen';

/** Where a role is read; in `template`, `self` and `none` there are no roles, and all people are judged alike. */
export type PermissionScope = 'meeting' | 'series' | 'template' | 'self' | 'none';

interface PolicySwitch {
  /** Who settles it: the meeting (service, series, meeting; the nearest wins), a poll's own row, or a port of the service. */
  readonly scope: 'meeting' | 'poll' | 'service';
  readonly values: readonly (boolean | string)[];
  readonly default: boolean | string;
}

const yesOrNo = [true, false] as const;

/** What a host application, a series or a meeting may decide differently. True allows. */
export const switches = {
  // Asked of the VisibilityPolicy port: may people outside know that the meeting exists?
  visibleToOutsiders: { scope: 'service', values: yesOrNo, default: false },
  coHostMayStart: { scope: 'meeting', values: yesOrNo, default: true },
  coHostMayEnd: { scope: 'meeting', values: yesOrNo, default: true },
  participantsMayInvite: { scope: 'meeting', values: yesOrNo, default: false },
  participantsMayUpload: { scope: 'meeting', values: yesOrNo, default: true },
  openJoin: { scope: 'meeting', values: yesOrNo, default: false },
  privateChat: { scope: 'meeting', values: ['all', 'hostsOnly', 'off'], default: 'all' },
  publishRecording: { scope: 'meeting', values: yesOrNo, default: false },
  publishMinutes: { scope: 'meeting', values: yesOrNo, default: false },
  resultsVisibility: {
    scope: 'poll',
    values: ['always', 'afterVote', 'afterClose', 'hostsOnly'],
    default: 'afterClose',
  },
} as const satisfies Record<string, PolicySwitch>;

export type SwitchName = keyof typeof switches;
export type SwitchValue<Name extends SwitchName = SwitchName> = (typeof switches)[Name]['values'][number];
/** The switches that a service, a series or a meeting may set. */
export type MeetingSwitchName = {
  [Name in SwitchName]: (typeof switches)[Name]['scope'] extends 'meeting' ? Name : never;
}[SwitchName];
/** Switch settings of one level (service, series or meeting); what is absent is decided further away. */
export type MeetingSwitches = { readonly [Name in MeetingSwitchName]?: SwitchValue<Name> | undefined };

export interface Predicate {
  /** The error of an actor whose object it is not; NOT_FOUND where even knowing of the object would tell too much. */
  readonly otherwise: 'FORBIDDEN' | 'NOT_FOUND';
  /** The error instead, when the object is open for everybody to read and its existence is no secret. */
  readonly ifPublic?: 'FORBIDDEN';
  /** True where the operation only ever filters: rows that fail are left out of the answer. */
  readonly leftOut?: true;
}

/** What makes an object the actor's own, and how it ends for everybody else. */
export const predicates = {
  isSelf: { otherwise: 'FORBIDDEN' },
  isAuthor: { otherwise: 'FORBIDDEN' },
  isCreator: { otherwise: 'FORBIDDEN' }, // of a link: who added it
  isUploader: { otherwise: 'FORBIDDEN' },
  isAssignee: { otherwise: 'FORBIDDEN' },
  isPresenterOfItem: { otherwise: 'FORBIDDEN' },
  isSharer: { otherwise: 'FORBIDDEN' },
  isInvitee: { otherwise: 'NOT_FOUND' },
  isInviteeOrInviter: { otherwise: 'NOT_FOUND' },
  isInviterOfPending: { otherwise: 'FORBIDDEN' },
  isSenderOrRecipient: { otherwise: 'NOT_FOUND' },
  isTemplateOwner: { otherwise: 'NOT_FOUND', ifPublic: 'FORBIDDEN' },
  isTemplateOwnerOrPublic: { otherwise: 'NOT_FOUND' },
  isCreatorOrHost: { otherwise: 'NOT_FOUND', leftOut: true },
} as const satisfies Record<string, Predicate>;

export type PredicateName = keyof typeof predicates;

/** The projections that a limited cell (H) goes through. */
export const views = {
  hostsAndCountOnly: 'Host and CoHosts by name, the others as a number',
  observerAudience:
    'entries for all and for the actor; entries about other people only of Host and CoHosts, others as a number',
  noOthersDrafts: 'drafts only to their creator',
  offsetsAndOwnDeliveries: 'the offsets, and the deliveries to the actor',
} as const;

export type ViewName = keyof typeof views;

/** When a condition is looked at; the order of the words is the order of the errors. */
export const stages = ['outsider', 'role', 'state', 'flag', 'business'] as const;
export type Stage = (typeof stages)[number];

export interface Condition {
  readonly code: MeetingErrorCode;
  readonly stage: Stage;
  /** Codes that may be answered instead, where the condition can fail in more than one way. */
  readonly otherCodes?: readonly MeetingErrorCode[];
  /** Actors it does not bind: a condition about the actor's own row binds people, never System. */
  readonly exempts?: readonly ActorRole[];
}

const onlyPeople = ['System'] as const;

/** What must be true besides the cell, with the error when it is not. */
export const conditions = {
  memberNow: { code: 'NOT_FOUND', stage: 'outsider', exempts: onlyPeople },
  notRemoved: { code: 'NOT_FOUND', stage: 'outsider', exempts: onlyPeople },
  // Binds System too: it sends no private messages, so none are its to delete. Erasure has its own operations.
  publicOrOwnMessage: { code: 'NOT_FOUND', stage: 'outsider' },
  isAuthor: { code: 'FORBIDDEN', stage: 'role', exempts: onlyPeople },
  grantsAllowedRole: { code: 'FORBIDDEN', stage: 'role' },
  notAnonymous: { code: 'FORBIDDEN', stage: 'role' },
  draftOnly: { code: 'INVALID_TRANSITION', stage: 'state' },
  withinStartWindow: { code: 'INVALID_TRANSITION', stage: 'state' },
  notDeclined: { code: 'FORBIDDEN', stage: 'flag', exempts: onlyPeople },
  present: { code: 'FORBIDDEN', stage: 'flag', exempts: onlyPeople },
  privateChatAllows: { code: 'FORBIDDEN', stage: 'flag' },
  recordingEnabled: { code: 'FORBIDDEN', stage: 'flag' },
  hasVoted: { code: 'FORBIDDEN', stage: 'flag', exempts: onlyPeople },
  attended: { code: 'FORBIDDEN', stage: 'flag', exempts: onlyPeople },
  withinEditWindow: { code: 'EXPIRED', stage: 'business' },
  invitationOpen: { code: 'EXPIRED', stage: 'business' },
  passwordGiven: {
    code: 'WRONG_PASSWORD',
    otherCodes: ['RATE_LIMITED'],
    stage: 'business',
    exempts: ['Host', 'CoHost', 'System'],
  },
  seatFree: { code: 'CAPACITY', stage: 'business', exempts: ['Host'] }, // a seat is kept for the Host
  capacityHoldsPresent: { code: 'CAPACITY', stage: 'business' },
  pollOpen: { code: 'POLL_CLOSED', stage: 'business' },
  pollDraft: { code: 'CONFLICT', stage: 'business' },
  noVotesYet: { code: 'CONFLICT', stage: 'business' },
  mayChangeVote: { code: 'ALREADY_VOTED', stage: 'business', exempts: onlyPeople },
  secretIfAnonymous: { code: 'NOT_CONFIGURED', stage: 'business' },
  noOtherSharer: { code: 'CONFLICT', stage: 'business' },
  recipientReachable: { code: 'CONFLICT', otherCodes: ['NOT_FOUND'], stage: 'business' },
  assigneeIsMember: { code: 'NOT_FOUND', stage: 'business' },
  targetIsMember: { code: 'NOT_FOUND', stage: 'business' },
  targetMayHost: { code: 'CONFLICT', otherCodes: ['NOT_FOUND'], stage: 'business' },
  versionMatches: { code: 'VERSION_CONFLICT', stage: 'business' },
  reminderInterval: { code: 'RATE_LIMITED', stage: 'business' },
} as const satisfies Record<string, Condition>;

export type ConditionName = keyof typeof conditions;

/** One operation: who may ask for it, when, and what else must hold. */
export interface PermissionRow {
  /** One {@link Cell} for each of {@link actors}, in that order. */
  readonly cells: string;
  /** Absent means `meeting`. */
  readonly scope?: Exclude<PermissionScope, 'meeting'>;
  /** Meeting states in which it is legal; absent when it is not bound to one meeting. */
  readonly states?: readonly MeetingStatus[];
  readonly flag?: PermissionFlag;
  readonly switch?: SwitchName;
  readonly own?: PredicateName;
  readonly view?: ViewName;
  /** Conditions of every cell but D. */
  readonly requires?: readonly ConditionName[];
  /** Conditions that one state adds. */
  readonly requiresIn?: { readonly [Status in MeetingStatus]?: readonly ConditionName[] };
  /** For a switch of words: the further conditions of each word; null denies. */
  readonly allows?: Readonly<Record<string, readonly ConditionName[] | null>>;
  /** Whoever meets `own` needs no switch. */
  readonly ownerPasses?: true;
  /** Fields that may be changed at all (`*`), in a state, or by an actor. */
  readonly fields?: { readonly [Key in '*' | MeetingStatus | ActorRole]?: readonly string[] };
  /** Roles that an actor may give. */
  readonly grants?: { readonly [Role in ActorRole]?: readonly ParticipantRole[] };
}
