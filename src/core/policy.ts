import { type MeetingStatus, type ParticipantRole, participantRoles } from './enums.ts';
import { type MeetingError, notFound } from './errors.ts';
import { cellOf, rowOf } from './permission-row.ts';
import {
  type ActorRole,
  actors,
  type Cell,
  type Condition,
  type ConditionName,
  conditions,
  hostRoles,
  type MeetingSwitches,
  type MeetingSwitchName,
  type PermissionFlag,
  type PermissionRow,
  type Predicate,
  predicates,
  roleRanks,
  type Stage,
  switches,
  type SwitchName,
  type SwitchValue,
  type ViewName,
} from './permission-terms.ts';
import type { Operation } from './permissions.ts';
import {
  conditionRefusal,
  fieldRefusal,
  fieldStateRefusal,
  flagRefusal,
  grantRefusal,
  hidden,
  ownerRefusal,
  rankRefusal,
  roleRefusal,
  stateRefusal,
  switchRefusal,
} from './refusal.ts';
import type { AnyCircumstances, Fact, Failure, Given, Standing } from './standing.ts';

/** One question: may this actor, standing there, do that? */
interface Question {
  readonly operation: Operation;
  readonly row: PermissionRow;
  readonly cell: Cell;
  readonly standing: Standing;
  readonly given: AnyCircumstances;
  /** Is the object the actor's own? Looked up at most once. */
  readonly own: () => boolean;
}

/**
 * Judges a call by its row. Errors come in a fixed order: NOT_FOUND for whoever may not know, FORBIDDEN by role,
 * INVALID_TRANSITION by state, FORBIDDEN by flag, then the code of the first business condition that fails.
 * @returns what to throw, or null when the call may go ahead
 */
export function judge<Op extends Operation>(
  operation: Op,
  standing: Standing,
  ...circumstances: Given<Op>
): MeetingError | null;
export function judge(operation: Operation, standing: Standing, given: AnyCircumstances = {}): MeetingError | null {
  const row = rowOf(operation);
  const question = { operation, row, cell: cellOf(row, standing.role), standing, given, own: once(given.own) };
  const required = conditionsOf(question);
  return (
    atStage('outsider', required, question) ??
    byCell(question) ??
    byField(question) ??
    atStage('role', required, question) ??
    byState(question) ??
    atStage('state', required, question) ??
    byFlag(question) ??
    atStage('flag', required, question) ??
    atStage('business', required, question)
  );
}

/** As {@link judge}, throwing what it returns. */
export function authorise<Op extends Operation>(operation: Op, standing: Standing, ...circumstances: Given<Op>): void {
  const error = judge(operation, standing, ...circumstances);
  if (error) throw error;
}

/** Meeting states in which an operation is legal; empty when it is not bound to one meeting. */
export function legalStates(operation: Operation): readonly MeetingStatus[] {
  return rowOf(operation).states ?? [];
}

/** SQL: whether a column of the type `meeting_status` is a state in which the operation is legal. */
export function isLegalState(operation: Operation, column: string): string {
  return oneOf(column, legalStates(operation));
}

/** SQL: whether a column of the type `participant_role` is one of these roles. */
export function isRole(roles: readonly ActorRole[], column: string): string {
  const labels: readonly string[] = participantRoles;
  return oneOf(
    column,
    roles.filter((role) => labels.includes(role)),
  );
}

/** As literals: labels are known when a text is made, and cost nothing then; as parameters they cost every call its share. */
function oneOf(column: string, labels: readonly string[]): string {
  return labels.length === 0 ? 'false' : `${column} in (${labels.map((label) => `'${label}'`).join(', ')})`;
}

/** Whether this role sees every row of an answer; the others see their own. */
export function seesAll(operation: Operation, role: ActorRole): boolean {
  return cellOf(rowOf(operation), role) === 'A';
}

/** The projection that this role's answer has to go through, or null where it sees everything. */
export function isLimited(operation: Operation, role: ActorRole): ViewName | null {
  const row = rowOf(operation);
  return cellOf(row, role) === 'H' ? (row.view ?? null) : null;
}

/** A row's cells as sets of roles: what the texts of statements are made of, so that none names a role by itself. */
export interface AllowedRoles {
  /** Those who may, whatever the object (with a limited view or not). */
  readonly always: readonly ActorRole[];
  /** Those who may with their own object only. */
  readonly own: readonly ActorRole[];
  /** Those who may with people of lower rank only. */
  readonly below: readonly ActorRole[];
  /** Those who may only while their `flag` is on. */
  readonly byFlag: readonly ActorRole[];
  readonly flag: PermissionFlag | null;
  /** Those who may as `switch` says; `default` holds where the meeting (and its series) are silent. */
  readonly bySwitch: readonly ActorRole[];
  readonly switch: SwitchName | null;
  readonly default: SwitchValue | null;
}

export function allowedRoles(operation: Operation, serviceSwitches: MeetingSwitches = {}): AllowedRoles {
  const row = rowOf(operation);
  const having = (letters: string) => actors.filter((role) => letters.includes(cellOf(row, role)));
  const name = row.switch ?? null;
  return {
    always: having('AH'),
    own: having('O'),
    below: having('L'),
    byFlag: having('F'),
    flag: row.flag ?? null,
    bySwitch: having('P'),
    switch: name,
    default: name && (isMeetingSwitch(name) ? resolveSwitch(name, {}, serviceSwitches) : switches[name].default),
  };
}

/** What a switch says here: the meeting's own setting, else its series', else the service's, else the default. */
export function resolveSwitch<Name extends MeetingSwitchName>(
  name: Name,
  settings: MeetingSwitches,
  serviceSwitches: MeetingSwitches,
  seriesSwitches: MeetingSwitches = {},
): SwitchValue<Name> {
  return settings[name] ?? seriesSwitches[name] ?? serviceSwitches[name] ?? switches[name].default;
}

function byCell(question: Question): MeetingError | null {
  const { operation, row, cell, standing } = question;
  if (cell === 'H' || cell === 'F') return null; // the view comes with the answer, the flag after the state
  if (cell === 'A' || cell === 'L') return byTarget(question);
  if (cell === 'O' && question.own()) return null;
  if (cell === 'P' && addedBySwitch(question)) return null;
  if (standing.role === 'Outsider' && hasRoles(row)) return hidden(row, question.given.noun);
  if (cell === 'O') return byOwner(question);
  const setting = settingOf(question);
  if (cell === 'P') return switchRefusal(operation, setting);
  return roleRefusal(operation, standing.role, addedBy(row, setting) !== null);
}

function byOwner({ operation, row, given }: Question): MeetingError {
  const predicate: Predicate | null = row.own ? predicates[row.own] : null;
  const open = predicate?.ifPublic !== undefined && once(given.isPublic)();
  return predicate?.otherwise === 'NOT_FOUND' && !open ? hidden(row, given.noun) : ownerRefusal(operation);
}

function byTarget({ operation, row, cell, standing: { role }, given: { targetRole } }: Question): MeetingError | null {
  if (!row.cells.includes('L')) return null;
  if (targetRole === null || targetRole === undefined) return notFound('member');
  return cell === 'A' || rankOf(role) > rankOf(targetRole) ? null : rankRefusal(operation, targetRole);
}

function byField({ operation, row, standing, given }: Question): MeetingError | null {
  if (!row.fields) return null;
  if (!given.fields) throw new TypeError(`${operation} changes fields, so their names have to be given.`);
  const ofRole = row.fields[standing.role];
  const changeable = (row.fields['*'] ?? []).filter((field) => ofRole?.includes(field) ?? true);
  const refused = given.fields.filter((field) => !changeable.includes(field));
  return refused.length === 0 ? null : fieldRefusal(operation, refused, changeable);
}

function byState({ operation, row, standing: { status }, given }: Question): MeetingError | null {
  if (!row.states) return null;
  if (status === null) throw new TypeError(`${operation} is judged within a meeting, so its status has to be given.`);
  if (!row.states.includes(status)) return stateRefusal(operation, status);
  const inState = row.fields?.[status];
  const refused = inState ? (given.fields ?? []).filter((field) => !inState.includes(field)) : [];
  return refused.length === 0 ? null : fieldStateRefusal(operation, status, refused);
}

function byFlag({ operation, row, cell, standing }: Question): MeetingError | null {
  return cell === 'F' && row.flag && standing.flags?.[row.flag] !== true ? flagRefusal(operation, row.flag) : null;
}

function atStage(stage: Stage, required: readonly ConditionName[], question: Question): MeetingError | null {
  for (const name of required) {
    const condition: Condition = conditions[name];
    if (condition.stage !== stage || condition.exempts?.includes(question.standing.role)) continue;
    const failure = failureOf(name, question);
    if (failure) return refusalBy(name, failure, question);
  }
  return null;
}

function conditionsOf(question: Question): readonly ConditionName[] {
  const { row, cell, standing } = question;
  const inState = standing.status === null ? [] : (row.requiresIn?.[standing.status] ?? []);
  return [...(row.requires ?? []), ...inState, ...(cell === 'P' ? (addedBySwitch(question) ?? []) : [])];
}

function failureOf(name: ConditionName, question: Question): Failure | null {
  if (name === question.row.own) return question.own() ? null : {};
  if (name === 'grantsAllowedRole') return grantsAllowedRole(question) ? null : {};
  if (name === 'privateChatAllows') return privateChatAllows(question) ? null : {};
  const fact = question.given.conditions?.[name];
  const answer = typeof fact === 'function' ? fact() : fact;
  if (answer === true) return null;
  return answer === false || answer === undefined ? {} : answer;
}

function refusalBy(name: ConditionName, failure: Failure, { operation, row, standing, given }: Question): MeetingError {
  if (conditions[name].stage === 'outsider') return hidden(row, given.noun);
  if (name === row.own) return ownerRefusal(operation);
  if (name === 'grantsAllowedRole') return grantRefusal(operation, standing.role, grantable(row, standing.role));
  return conditionRefusal(operation, name, standing.status, failure);
}

function grantsAllowedRole({ row, standing, given }: Question): boolean {
  return given.grant !== undefined && grantable(row, standing.role).includes(given.grant);
}

/** A role that no list names gives what the next lower role may give: rank never takes a right away. */
function grantable(row: PermissionRow, role: ActorRole): readonly ParticipantRole[] {
  const lists = [role, ...participantRoles.filter((other) => rankOf(other) < rankOf(role))];
  return lists.map((other) => row.grants?.[other]).find((list) => list !== undefined) ?? [];
}

function privateChatAllows(question: Question): boolean {
  const setting = settingOf(question);
  const sides: readonly unknown[] = [question.standing.role, question.given.targetRole];
  return setting === 'all' || (setting === 'hostsOnly' && hostRoles.some((host) => sides.includes(host)));
}

function settingOf({ row, standing, given }: Question): SwitchValue {
  if (!row.switch) return false;
  if (isMeetingSwitch(row.switch))
    return resolveSwitch(row.switch, standing.settings, standing.serviceSwitches, standing.seriesSwitches);
  return given[row.switch] ?? switches[row.switch].default;
}

/** The conditions that the switch adds to a P cell; null where it denies. */
function addedBySwitch(question: Question): readonly ConditionName[] | null {
  return question.row.ownerPasses && question.own() ? [] : addedBy(question.row, settingOf(question));
}

function addedBy(row: PermissionRow, setting: SwitchValue): readonly ConditionName[] | null {
  if (setting === true) return [];
  return setting === false ? null : (row.allows?.[setting] ?? null);
}

function isMeetingSwitch(name: SwitchName): name is MeetingSwitchName {
  return switches[name].scope === 'meeting';
}

function hasRoles(row: PermissionRow): boolean {
  return row.scope === undefined || row.scope === 'series';
}

function rankOf(role: ActorRole): number {
  return role === 'Outsider' || role === 'System' ? 0 : roleRanks[role];
}

function once(fact: Fact | undefined): () => boolean {
  let known: boolean | undefined;
  return () => (known ??= typeof fact === 'function' ? fact() : (fact ?? false));
}
