/** A second reading of the agreed matrix: it collects all that is wrong and sorts it, where the policy stops at the first error. */
import type { MeetingStatus, ParticipantRole } from '../../src/core/enums.ts';
import { type FixtureActor, type FixtureRow, matrix } from './permissions-fixture.ts';

/** One question in one situation. */
export interface World {
  readonly actor: FixtureActor;
  readonly status: MeetingStatus | null;
  readonly own: boolean;
  readonly isPublic: boolean;
  readonly flag: boolean;
  readonly setting: boolean | string | null;
  readonly target: ParticipantRole;
  /** The names of the conditions that fail. */
  readonly failing: readonly string[];
}

const aboutTheActor = ['memberNow', 'notRemoved', 'isAuthor', 'notDeclined', 'present', 'hasVoted', 'attended'];
const skipped = new Map([
  ['passwordGiven', ['Host', 'CoHost']],
  ['seatFree', ['Host']],
]);
const order = ['outsider', 'role', 'state', 'flag', 'business'];

/** The code that the matrix asks for, or null where the call may go ahead. */
export function expectedCode(row: FixtureRow, world: World): string | null {
  const { actor, status } = world;
  const cell = row[actor];
  const stranger = actor === 'Outsider' && (row.scope === 'meeting' || row.scope === 'series');
  const wrong: { stage: string; code: string }[] = [];
  const required = [...row.requires, ...((status && row.requiresIn?.[status]) || [])];

  if (cell === 'D') wrong.push({ stage: 'role', code: 'FORBIDDEN' });
  if (cell === 'O' && !world.own) wrong.push({ stage: 'role', code: codeForOthers(row, world) });
  if (cell === 'P' && !(row.ownerPasses && world.own)) {
    const further = row.allows ? row.allows[String(world.setting)] : world.setting === true ? [] : null;
    if (further) required.push(...further);
    else wrong.push({ stage: 'role', code: 'FORBIDDEN' });
  }
  if (cell === 'L' && matrix.roles[world.target]! >= matrix.roles[actor]!)
    wrong.push({ stage: 'role', code: 'FORBIDDEN' });
  if (status && !row.states.includes(status)) wrong.push({ stage: 'state', code: 'INVALID_TRANSITION' });
  if (cell === 'F' && !world.flag) wrong.push({ stage: 'flag', code: 'FORBIDDEN' });
  for (const name of required) {
    if (actor === 'System' && aboutTheActor.includes(name)) continue;
    if (skipped.get(name)?.includes(actor)) continue;
    if (fails(name, row, world)) wrong.push(matrix.conditions[name]!);
  }
  const told = wrong.map(({ stage, code }) =>
    stranger && stage === 'role' ? { stage, code: 'NOT_FOUND' } : { stage, code },
  );
  return told.toSorted((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage))[0]?.code ?? null;
}

function codeForOthers(row: FixtureRow, world: World): string {
  const { else: code } = matrix.predicates[row.own!]!;
  if (code === 'FORBIDDEN if public, else NOT_FOUND') return world.isPublic ? 'FORBIDDEN' : 'NOT_FOUND';
  return code === 'left out' ? 'NOT_FOUND' : code;
}

function fails(name: string, row: FixtureRow, world: World): boolean {
  if (name === row.own) return !world.own;
  if (name !== 'privateChatAllows') return world.failing.includes(name);
  const hostOnOneSide = [world.actor, world.target].some((role) => role === 'Host' || role === 'CoHost');
  return world.setting === 'off' || (world.setting === 'hostsOnly' && !hostOnOneSide);
}
