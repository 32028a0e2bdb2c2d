import { createHash } from 'node:crypto';
import type { Recording } from './recording.ts';

/** The namespace of the ids below, drawn at random once. */
const namespace = Buffer.from('6f1c2b0a7d3e4c55a8f1e2937b64d08c', 'hex');

export interface CastMember {
  readonly name: string;
  readonly userId: string;
}

/** Four people who were never there, so that every way to answer is shown. */
export type Added = {
  /** Accepts, and then declines after all. */
  readonly decliner: CastMember;
  /** Says maybe, and does not come. */
  readonly undecided: CastMember;
  /** Never answers. */
  readonly silent: CastMember;
  /** Accepts when every seat is taken, gets the decliner's, and does not come. */
  readonly latecomer: CastMember;
};

export interface Cast {
  readonly host: CastMember;
  /** Those of the recording, the host left out. */
  readonly students: readonly CastMember[];
  readonly added: Added;
  /** All of them. */
  readonly everybody: readonly CastMember[];
  /** @throws RangeError for an id that nobody here has */
  readonly nameOf: (userId: string) => string;
}

/** Everybody of the recording, and the four who are added to it. */
export function castOf({ host, others }: Recording): Cast {
  const teacher = member(host);
  const students = others.map(member);
  const added = {
    decliner: member('Student K (added)'),
    undecided: member('Student L (added)'),
    silent: member('Student M (added)'),
    latecomer: member('Student N (added)'),
  };
  const everybody = [teacher, ...students, ...Object.values(added)];
  const names = new Map(everybody.map(({ userId, name }) => [userId, name]));
  return {
    ...{ host: teacher, students, added, everybody },
    nameOf(userId) {
      const name = names.get(userId);
      if (name === undefined) throw new RangeError(`Nobody here has the id ${userId}.`);
      return name;
    },
  };
}

function member(name: string): CastMember {
  return { name, userId: nameBasedId(name) };
}

/** A UUID that follows from a name, so that the same person has the same id in every run (version 5, RFC 9562 §5.5). */
function nameBasedId(name: string): string {
  const hash = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
