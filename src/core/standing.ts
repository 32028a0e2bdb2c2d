import type { MeetingStatus, ParticipantRole } from './enums.ts';
import type {
  ActorRole,
  ConditionName,
  conditions,
  MeetingSwitches,
  MeetingSwitchName,
  PermissionFlag,
  predicates,
  SwitchName,
  SwitchValue,
} from './permission-terms.ts';
import type { Operation, permissions, RequiredConditions } from './permissions.ts';

/** Where the actor stands, read from current rows under the lock that the change is made under. */
export interface Standing {
  /** Outsider without a row or with `removed_at` set (the Declined keep their role); System by capability only. */
  readonly role: ActorRole;
  /** The meeting's state; null for an operation that is not bound to one meeting. */
  readonly status: MeetingStatus | null;
  /** The actor's own flags; needed by operations with a flag, absent counts as off. */
  readonly flags?: Readonly<Record<PermissionFlag, boolean>>;
  /** The meeting's own switch settings, and what its series and the service say where it is silent. */
  readonly settings: MeetingSwitches;
  readonly seriesSwitches?: MeetingSwitches;
  readonly serviceSwitches: MeetingSwitches;
}

/** A fact, or how to find it; it is looked for only when everything before it holds. */
export type Fact = boolean | (() => boolean);

type CodeOf<Name extends ConditionName> =
  | (typeof conditions)[Name]['code']
  | ((typeof conditions)[Name] extends { readonly otherCodes: readonly (infer Code)[] } ? Code : never);

/** A condition that failed, with more to say than that: which of its codes, and safe facts for programs. */
export interface Failure<Name extends ConditionName = ConditionName> {
  readonly code?: CodeOf<Name>;
  readonly details?: Readonly<Record<string, unknown>>;
}

// What is hidden must look like what does not exist, so a condition that hides says yes or no and nothing else.
type Answer<Name extends ConditionName> = (typeof conditions)[Name]['stage'] extends 'outsider'
  ? boolean
  : boolean | Failure<Name>;

type ConditionFact<Name extends ConditionName = ConditionName> = Answer<Name> | (() => Answer<Name>);

/** Conditions that follow from the other circumstances, so that nobody can answer them differently. */
type SettledCondition = 'isAuthor' | 'grantsAllowedRole' | 'privateChatAllows';

/** The conditions a caller has to answer. */
type AskedConditions<Op extends Operation> = Exclude<RequiredConditions<Op>, SettledCondition>;

/** Everything that can be told about one call; {@link Circumstances} is what one operation needs of it. */
export interface AnyCircumstances {
  /** Does the object meet the predicate in the row's `own`? */
  readonly own?: Fact;
  /** May everybody read the object, so that refusing to change it gives nothing away? */
  readonly isPublic?: Fact;
  /** The role of the person it is done to; null when that person has no place in the meeting. */
  readonly targetRole?: ParticipantRole | null;
  /** The fields that would change. */
  readonly fields?: readonly string[];
  /** The role that would be given. */
  readonly grant?: ParticipantRole;
  /** The answer of the VisibilityPolicy port; ask it only about Outsiders. */
  readonly visibleToOutsiders?: boolean;
  /** The poll's own setting. */
  readonly resultsVisibility?: SwitchValue<'resultsVisibility'>;
  readonly conditions?: { readonly [Name in ConditionName]?: ConditionFact<Name> };
  /**
   * What the call names by id, as in the `notFound(noun)` thrown when there is none: both errors must read alike.
   * By default the meeting, series or template that the operation belongs to.
   */
  readonly noun?: string;
}

type Row<Op extends Operation> = (typeof permissions)[Op];
type Needs<Keys extends keyof AnyCircumstances> = Required<Pick<AnyCircumstances, Keys>>;
type HasCell<Op extends Operation, Cell extends string> = Row<Op>['cells'] extends `${string}${Cell}${string}`
  ? true
  : false;

type OwnNeeded<Op extends Operation> = Row<Op> extends { readonly own: string } ? Needs<'own'> : unknown;
type PublicNeeded<Op extends Operation> =
  Row<Op> extends { readonly own: infer Name extends keyof typeof predicates }
    ? (typeof predicates)[Name] extends { readonly ifPublic: string }
      ? Needs<'isPublic'>
      : unknown
    : unknown;
type TargetNeeded<Op extends Operation> =
  true extends HasCell<Op, 'L'>
    ? Needs<'targetRole'>
    : 'privateChatAllows' extends RequiredConditions<Op>
      ? Needs<'targetRole'>
      : unknown;
type FieldsNeeded<Op extends Operation> = Row<Op> extends { readonly fields: object } ? Needs<'fields'> : unknown;
type GrantNeeded<Op extends Operation> = Row<Op> extends { readonly grants: object } ? Needs<'grant'> : unknown;
type SettingNeeded<Op extends Operation> =
  Row<Op> extends { readonly switch: infer Name extends Exclude<SwitchName, MeetingSwitchName> }
    ? Needs<Name>
    : unknown;
type ConditionsNeeded<Op extends Operation> = [AskedConditions<Op>] extends [never]
  ? unknown
  : { readonly conditions: { readonly [Name in AskedConditions<Op>]: ConditionFact<Name> } };

/** What has to be known to judge an operation: exactly what its row asks for, no more and no less. */
export type Circumstances<Op extends Operation> = Op extends Operation
  ? Pick<AnyCircumstances, 'noun'> &
      OwnNeeded<Op> &
      PublicNeeded<Op> &
      TargetNeeded<Op> &
      FieldsNeeded<Op> &
      GrantNeeded<Op> &
      SettingNeeded<Op> &
      ConditionsNeeded<Op>
  : never;

/** The last parameter of a call about an operation; it may be left out when nothing needs to be known. */
export type Given<Op extends Operation> =
  Pick<AnyCircumstances, 'noun'> extends Circumstances<Op>
    ? [circumstances?: Circumstances<Op>]
    : [circumstances: Circumstances<Op>];
