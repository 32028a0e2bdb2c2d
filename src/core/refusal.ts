import type { MeetingStatus, ParticipantRole } from './enums.ts';
import { MeetingError, type MeetingErrorCode, meetingErrors, notFound } from './errors.ts';
import {
  actions,
  conditionMessages,
  flagActions,
  otherCodeMessages,
  owners,
  stateWords,
} from './permission-messages.ts';
import { rolesWith, rowOf } from './permission-row.ts';
import {
  type ActorRole,
  type ConditionName,
  conditions,
  type PermissionFlag,
  type PermissionRow,
  type PermissionScope,
  roleRanks,
} from './permission-terms.ts';
import type { Operation } from './permissions.ts';
import type { Failure } from './standing.ts';

const scopeNouns = {
  meeting: 'meeting',
  series: 'series',
  template: 'template',
  self: 'object',
  none: 'object',
} as const satisfies Record<PermissionScope, string>;

export function hidden(row: PermissionRow, noun: string | undefined): MeetingError {
  return notFound(noun ?? scopeNouns[row.scope ?? 'meeting']);
}

/** The role may not, whatever the object. `switchedOn`: whether the P cells are open as things stand. */
export function roleRefusal(operation: Operation, role: ActorRole, switchedOn: boolean): MeetingError {
  const row = rowOf(operation);
  if (role === 'System') return forbidden(`System cannot ${actions[operation]}: that is for people to do.`, operation);
  const allowedRoles = rolesWith(row, switchedOn ? 'AOLFHP' : 'AOLFH');
  // What everybody present does for themselves cannot be done by asking somebody: another role is what helps.
  const help = allowedRoles.includes('Participant')
    ? `ask ${helpers('participant.changeRole')} for another role`
    : undefined;
  return forbidden(only(allowedRoles.map(article), operation, help), operation, { allowedRoles });
}

/** The role may, but not with this object. */
export function ownerRefusal(operation: Operation): MeetingError {
  const row = rowOf(operation);
  const bindsAll = row.requires?.some((name) => name === row.own);
  const allowedRoles = bindsAll ? [] : rolesWith(row, 'ALFH');
  const people = [...(row.own ? [owners[row.own]] : []), ...allowedRoles.map(article)];
  return forbidden(only(people, operation), operation, allowedRoles.length === 0 ? {} : { allowedRoles });
}

/** The role may where the switch says so, and here it does not. */
export function switchRefusal(operation: Operation, setting: boolean | string): MeetingError {
  const row = rowOf(operation);
  const allowedRoles = rolesWith(row, 'AOLFH');
  const people = [...(row.ownerPasses && row.own ? [owners[row.own]] : []), ...allowedRoles.map(article)];
  return forbidden(`${only(people, operation)} The setting ${row.switch} is ${setting}.`, operation, {
    allowedRoles,
    switch: row.switch,
  });
}

/** The target is not of a lower rank. */
export function rankRefusal(operation: Operation, target: ParticipantRole): MeetingError {
  const allowedRoles = rolesWith(rowOf(operation), 'L').filter((role) => roleRanks[role] > roleRanks[target]);
  const whom = `when that concerns ${article(target)}`;
  const message =
    allowedRoles.length === 0
      ? `Nobody may ${actions[operation]} ${whom}.`
      : `Only ${either(allowedRoles.map(article))} may ${actions[operation]} ${whom}; ${ask(allowedRoles.length)}.`;
  return forbidden(message, operation, { allowedRoles });
}

export function grantRefusal(
  operation: Operation,
  role: ActorRole,
  grantable: readonly ParticipantRole[],
): MeetingError {
  const limit =
    grantable.length === 0 ? 'give no role to others' : `give others only the role ${either([...grantable])}`;
  return forbidden(`As ${role} you may ${limit}; choose another, or ask somebody of a higher role.`, operation, {
    grantable,
  });
}

export function fieldRefusal(
  operation: Operation,
  fields: readonly string[],
  changeable: readonly string[],
): MeetingError {
  const message = `This call may not change ${fields.join(', ')}; leave that out. It may change ${changeable.join(', ')}.`;
  return forbidden(message, operation, { fields });
}

export function stateRefusal(operation: Operation, status: MeetingStatus): MeetingError {
  const legalStates = rowOf(operation).states ?? [];
  const when = either(legalStates.map((state) => stateWords[state]));
  return new MeetingError(
    'INVALID_TRANSITION',
    `It is not possible to ${actions[operation]} while the meeting is ${stateWords[status]}; it must be ${when}.`,
    { details: { operation, status, legalStates } },
  );
}

export function fieldStateRefusal(
  operation: Operation,
  status: MeetingStatus,
  fields: readonly string[],
): MeetingError {
  const message = `While the meeting is ${stateWords[status]}, ${fields.join(', ')} can no longer change; leave that out.`;
  return new MeetingError('INVALID_TRANSITION', message, { details: { operation, status, fields } });
}

export function flagRefusal(operation: Operation, flag: PermissionFlag): MeetingError {
  const message = `Your right to ${flagActions[flag]} is switched off; ask ${helpers('participant.setPermissions')} to switch it on.`;
  return forbidden(message, operation, { flag });
}

export function conditionRefusal(
  operation: Operation,
  name: ConditionName,
  status: MeetingStatus | null,
  failure: Failure,
): MeetingError {
  const code = failure.code ?? conditions[name].code;
  // Inside the meeting the only thing that can be missing is the person it is about.
  if (code === 'NOT_FOUND') return notFound('member');
  const details = { operation, condition: name, ...(code === 'INVALID_TRANSITION' && { status }), ...failure.details };
  return new MeetingError(code, conditionMessage(name, code), { details });
}

function conditionMessage(name: ConditionName, code: MeetingErrorCode): string {
  const own: Readonly<Partial<Record<ConditionName, string>>> = conditionMessages;
  const other: Readonly<Partial<Record<MeetingErrorCode, string>>> = otherCodeMessages;
  return (code === conditions[name].code ? own[name] : other[code]) ?? meetingErrors[code].meaning;
}

function forbidden(message: string, operation: Operation, details: Record<string, unknown> = {}): MeetingError {
  return new MeetingError('FORBIDDEN', message, { details: { operation, ...details } });
}

function only(people: readonly string[], operation: Operation, help = ask(people.length)): string {
  if (people.length === 0) return `Only the host application itself may ${actions[operation]}.`;
  return `Only ${either(people)} may ${actions[operation]}; ${help}.`;
}

/** Whoever could change what stands in the way. */
function helpers(operation: Operation): string {
  return either(rolesWith(rowOf(operation), 'AL').map(article));
}

function ask(count: number): string {
  return count === 1 ? 'ask them' : 'ask one of them';
}

function article(role: ParticipantRole): string {
  if (role === 'Host') return 'the Host';
  return role === 'Observer' ? 'an Observer' : `a ${role}`;
}

function either(words: readonly string[]): string {
  return new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(words);
}
