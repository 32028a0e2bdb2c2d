import { expect, test } from 'vitest';
import { meetingStatuses, participantRoles } from '../../src/core/enums.ts';
import { meetingErrors } from '../../src/core/errors.ts';
import {
  facadeMethods,
  methods,
  perRow,
  refinements,
  systemMethods,
  withoutMethod,
} from '../../src/core/permission-methods.ts';
import {
  actors,
  cells,
  type Condition,
  conditions,
  hostRoles,
  type PermissionRow,
  type Predicate,
  predicates,
  roleRanks,
  stages,
  switches,
  views,
} from '../../src/core/permission-terms.ts';
import { permissions } from '../../src/core/permissions.ts';
import { matrix } from './permissions-fixture.ts';

const rows: [string, PermissionRow][] = Object.entries(permissions);
const fixtureRows = new Map(matrix.rows.map((row) => [row.op, row]));

/** A row of the constant, spelled out as the fixture spells it; what neither has is undefined here. */
function spelledOut(op: string, row: PermissionRow): Record<string, unknown> {
  const { cells: letters, scope = 'meeting', states = [], requires = [], ...rest } = row;
  return {
    op,
    scope,
    states,
    ...Object.fromEntries(actors.map((actor, index) => [actor, letters[index]])),
    requires,
    ...rest,
    flag: row.flag ?? null,
    switch: row.switch ?? null,
    default: row.switch ? switches[row.switch].default : null,
    own: row.own ?? null,
    view: row.view ?? null,
  };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}

function otherwise(predicate: Predicate): string {
  if (predicate.leftOut) return 'left out';
  return predicate.ifPublic ? `${predicate.ifPublic} if public, else ${predicate.otherwise}` : predicate.otherwise;
}

test('the constant has the operations of the agreed matrix, in its order', () => {
  expect(rows.map(([op]) => op)).toEqual(matrix.rows.map((row) => row.op));
  expect(rows).toHaveLength(117);
});

test.each(rows)('%s is as agreed, field by field', (op, row) => {
  const { note, ...agreed } = fixtureRows.get(op)!;
  expect(note).toBeTypeOf('string');
  expect(spelledOut(op, row)).toEqual(agreed);
});

test.each(rows)('%s has one letter for each actor, and every letter is explained', (_, row) => {
  expect(row.cells).toMatch(new RegExp(`^[${Object.keys(cells).join('')}]{${actors.length}}$`));
});

test('actors, ranks and states are as agreed', () => {
  expect(actors).toEqual(matrix.actors);
  expect(roleRanks).toEqual(matrix.roles);
  expect(Object.keys(roleRanks)).toEqual([...participantRoles]);
  expect(meetingStatuses.toSorted()).toEqual(matrix.states.toSorted());
});

test('switches, predicates, views and conditions are as agreed', () => {
  expect(switches).toEqual(matrix.switches);
  expect(Object.entries(predicates).map(([name, predicate]) => [name, otherwise(predicate)])).toEqual(
    Object.entries(matrix.predicates).map(([name, predicate]) => [name, predicate.else]),
  );
  expect(views).toEqual(matrix.views);
  expect(Object.entries(conditions).map(([name, { code, stage }]) => [name, { code, stage }])).toEqual(
    Object.entries(matrix.conditions),
  );
});

test('the stages are in the order of the errors', () => {
  const agreed = matrix.precedence.slice(1).map((words) => /\((\w+)/.exec(words)?.[1] ?? words.split(' ')[0]);
  expect(stages).toEqual(agreed);
});

/** Public calls beyond the agreed ones, each for its reason. */
const addedMethods = {
  'chat.unread': 'chat.markRead', // a number beside the chat, which is wanted before anything is read
};

test('methods, per-row calls and refinements are as agreed', () => {
  expect(methods).toEqual({ ...addedMethods, ...matrix.methods });
  expect(Object.keys(addedMethods).filter((name) => name in matrix.methods)).toEqual([]);
  expect(perRow).toEqual(matrix.perRow);
  expect(refinements.map(({ operation: op, ...rest }) => ({ ...rest, op }))).toEqual(matrix.refinements);
  expect(facadeMethods).toEqual(matrix.facade);
  expect(systemMethods).toEqual(matrix.systemMethods);
  expect(withoutMethod).toEqual(matrix.noMethod);
});

test('every call leads to a row, and every row is led to or says who performs it', () => {
  const led = [
    ...Object.values(methods),
    ...Object.values(facadeMethods),
    ...Object.values(systemMethods),
    ...refinements.map(({ operation }) => operation),
  ];
  for (const operation of led) expect(permissions).toHaveProperty([operation]);
  const reached = new Set<string>([...led, ...Object.keys(withoutMethod)]);
  expect(rows.map(([op]) => op).filter((op) => !reached.has(op))).toEqual([]);
  expect(Object.keys(withoutMethod).filter((op) => new Set<string>(led).has(op))).toEqual([]);
});

test('refinements and per-row calls name calls that exist', () => {
  const known = new Set<string>([...Object.keys(methods), ...Object.keys(facadeMethods)]);
  for (const { method } of refinements) expect(known).toContain(method);
  for (const method of perRow) expect(known).toContain(method);
});

test('every term is used by a row, and every row uses terms that exist', () => {
  const used = {
    switches: rows.flatMap(([, row]) => row.switch ?? []),
    predicates: rows.flatMap(([, row]) => row.own ?? []),
    views: rows.flatMap(([, row]) => row.view ?? []),
    conditions: rows.flatMap(([, row]) => [
      ...(row.requires ?? []),
      ...Object.values(row.requiresIn ?? {}).flat(),
      ...Object.values(row.allows ?? {}).flatMap((names) => names ?? []),
    ]),
  };
  expect(sorted(used.switches)).toEqual(Object.keys(switches).toSorted());
  expect(sorted(used.predicates)).toEqual(Object.keys(predicates).toSorted());
  expect(sorted(used.views)).toEqual(Object.keys(views).toSorted());
  expect(sorted(used.conditions)).toEqual(Object.keys(conditions).toSorted());
});

test.each(rows)('%s has what its letters need, and nothing that none of them reads', (_, row) => {
  const has = (letter: string) => row.cells.includes(letter);
  expect(has('F')).toBe(row.flag !== undefined);
  expect(has('H')).toBe(row.view !== undefined);
  expect(has('O') || row.ownerPasses === true).toBe(row.own !== undefined);
  expect(row.grants !== undefined).toBe(row.requires?.includes('grantsAllowedRole') ?? false);
  const readByCondition = row.requires?.some((name) => name === `${row.switch}Allows`) ?? false;
  expect(has('P') || readByCondition).toBe(row.switch !== undefined);
});

test.each(rows.filter(([, row]) => row.allows))('%s says what each word of its switch asks for', (_, row) => {
  const name = row.switch!;
  expect(Object.keys(row.allows!)).toEqual([...switches[name].values]);
});

const allConditions: [string, Condition][] = Object.entries(conditions);

test.each(allConditions)('%s has codes and a stage that exist, and binds Outsiders', (_, condition) => {
  const { code, stage, otherCodes = [], exempts = [] } = condition;
  expect(Object.keys(meetingErrors)).toEqual(expect.arrayContaining([code, ...otherCodes]));
  expect(stages).toContain(stage);
  expect(exempts).not.toContain('Outsider');
});

test('hosts are the roles that outrank all others', () => {
  const others = participantRoles.filter((role) => !hostRoles.some((host) => host === role));
  const lowestHost = Math.min(...hostRoles.map((role) => roleRanks[role]));
  expect(others.every((role) => roleRanks[role] < lowestHost)).toBe(true);
});
