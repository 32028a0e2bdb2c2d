import { type ParticipantRole, participantRoles } from './enums.ts';
import { type ActorRole, actors, type Cell, cells, type PermissionRow } from './permission-terms.ts';
import { type Operation, permissions } from './permissions.ts';

/** The row in its general shape, where every operation has the same keys. */
export function rowOf(operation: Operation): PermissionRow {
  return permissions[operation];
}

export function cellOf(row: PermissionRow, role: ActorRole): Cell {
  const letter = row.cells.charAt(actors.indexOf(role));
  return isCell(letter) ? letter : 'D';
}

function isCell(letter: string): letter is Cell {
  return Object.hasOwn(cells, letter);
}

/** The participant roles whose cell is one of these letters. */
export function rolesWith(row: PermissionRow, letters: string): ParticipantRole[] {
  return participantRoles.filter((role) => letters.includes(cellOf(row, role)));
}
