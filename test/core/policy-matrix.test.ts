/**
 * Every operation asked by every actor in every state of the meeting, in many circumstances, against a second reading
 * of the agreed matrix: that one collects all that is wrong and sorts it, where the policy stops at the first error.
 */
import { expect, test } from 'vitest';
import type { MeetingError } from '../../src/core/errors.ts';
import type { Operation } from '../../src/core/permissions.ts';
import { permissions } from '../../src/core/permissions.ts';
import { allowedRoles, isLimited, judge, legalStates } from '../../src/core/policy.ts';
import type { AnyCircumstances, Standing } from '../../src/core/standing.ts';
import { expectedCode, type World } from './matrix-reading.ts';
import { type FixtureRow, matrix } from './permissions-fixture.ts';

/** Everything that may differ for this row, in all combinations; of the conditions none, each and all fail. */
function* worlds(row: FixtureRow): Generator<World> {
  const both = [true, false];
  const named = [...row.requires, ...Object.values(row.requiresIn ?? {}).flat(), ...Object.values(row.allows ?? {})];
  const names = [...new Set(named.flatMap((name) => name ?? []))];
  const aimed = Object.values(row).includes('L') || names.includes('privateChatAllows');
  const targets = aimed ? (['Host', 'CoHost', 'Presenter', 'Observer'] as const) : (['Observer'] as const);
  const failures = names.length > 1 ? [[], names, ...names.map((name) => [name])] : [[], names];
  for (const actor of matrix.actors)
    for (const status of row.states.length > 0 ? matrix.states : [null])
      for (const own of row.own ? both : [true])
        for (const isPublic of row.own === 'isTemplateOwner' ? both : [false])
          for (const flag of row.flag ? both : [false])
            for (const setting of row.switch ? matrix.switches[row.switch]!.values : [null])
              for (const target of targets)
                for (const failing of failures) yield { actor, status, own, isPublic, flag, setting, target, failing };
}

function ask(row: FixtureRow, world: World): MeetingError | null {
  const { setting, failing, own, isPublic, flag, target } = world;
  const standing: Standing = {
    role: world.actor,
    status: world.status,
    flags: { canUseChat: false, canShareScreen: false, ...(row.flag && { [row.flag]: flag }) },
    settings: row.switch && setting !== null ? { [row.switch]: setting } : {},
    serviceSwitches: {},
  };
  const given: AnyCircumstances = {
    own: () => own,
    isPublic,
    targetRole: target,
    fields: [],
    grant: failing.includes('grantsAllowedRole') ? 'Host' : 'Observer',
    ...(row.switch === 'visibleToOutsiders' && { visibleToOutsiders: setting === true }),
    ...(row.switch === 'resultsVisibility' && { resultsVisibility: word(setting) }),
    conditions: Object.fromEntries(Object.keys(matrix.conditions).map((name) => [name, !failing.includes(name)])),
  };
  return askAnything(operationOf(row), standing, given);
}

// The public signature asks for exactly what one operation needs; a generated question knows its operation too late.
const askAnything = judge as (operation: Operation, standing: Standing, given: AnyCircumstances) => MeetingError | null;

function operationOf({ op }: FixtureRow): Operation {
  const operation = Object.keys(permissions).find((name): name is Operation => name === op);
  if (!operation) throw new Error(`no row for ${op}`);
  return operation;
}

function word(setting: unknown): 'always' | 'afterVote' | 'afterClose' | 'hostsOnly' {
  return (['always', 'afterVote', 'afterClose', 'hostsOnly'] as const).find((value) => value === setting)!;
}

test.each(matrix.rows)('$op ends as the matrix says, for every actor, in every state and circumstance', (row) => {
  const surprises: unknown[] = [];
  const outcomes = new Set<string>();
  for (const world of worlds(row)) {
    const error = ask(row, world);
    const expected = expectedCode(row, world);
    outcomes.add(`${world.actor} ${expected}`);
    const status = error?.code === 'INVALID_TRANSITION' ? error.details.status : world.status;
    if ((error?.code ?? null) !== expected || status !== world.status) surprises.push({ world, error, expected });
  }
  expect(surprises).toEqual([]);
  for (const actor of matrix.actors) expect(outcomes.has(`${actor} null`)).toBe(row[actor] !== 'D');
});

test.each(matrix.rows)('$op tells statements the same roles, flag, switch, states and views', (row) => {
  const having = (...letters: string[]) => matrix.actors.filter((actor) => letters.includes(row[actor]));
  expect(allowedRoles(operationOf(row))).toEqual({
    always: having('A', 'H'),
    own: having('O'),
    below: having('L'),
    byFlag: having('F'),
    bySwitch: having('P'),
    flag: row.flag,
    switch: row.switch,
    default: row.default,
  });
  expect(legalStates(operationOf(row))).toEqual(row.states);
  for (const actor of matrix.actors)
    expect(isLimited(operationOf(row), actor)).toBe(row[actor] === 'H' ? row.view : null);
});

test('a stranger is told the same, word for word, whatever the operation and whatever there is', () => {
  const messages = new Set<string>();
  for (const row of matrix.rows.filter(({ scope }) => scope === 'meeting'))
    for (const world of worlds(row)) {
      const error = world.actor === 'Outsider' ? ask(row, world) : null;
      if (error?.code === 'NOT_FOUND') messages.add(JSON.stringify(error));
    }
  expect(messages.size).toBe(1);
});
