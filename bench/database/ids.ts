/** Ids that follow from numbers, alike in SQL and here, so that nothing has to be read back to know whom to act for. */
import { createHash } from 'node:crypto';

/** What an id names; kept apart by the id's second group. */
export const kinds = {
  ...{ meeting: 0, participant: 1, invitation: 2, session: 3, poll: 4, response: 5, message: 6, event: 7 },
  ...{ media: 8 },
} as const;
export type Kind = keyof typeof kinds;

/** Room for the people of a meeting in the number of whatever belongs to one of them. */
export const perMeeting = 2 ** 14;

/** Grows with its number, as the UUIDv7 of rows that were made one after another does. */
export function idOf(kind: Kind, number: number): string {
  const group = hex(kinds[kind], 4);
  return `018f${group}-${group}-7000-8000-${hex(number, 12)}`;
}

/** Scattered, as the ids of users are that some other service makes. */
export function userId(number: number): string {
  const digest = createHash('md5').update(`user ${number}`).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Person `place` of meeting `number`: 0 is the Host. Everybody is in about a hundred meetings. */
export function personOf(number: number, place: number, users: number): string {
  return userId((number * 7919 + place * 104_729) % users);
}

function hex(value: number, length: number): string {
  return value.toString(16).padStart(length, '0');
}

/** The same as functions of a schema `bench`, which exists only while data is made. */
export const idFunctions = `
  create schema if not exists bench;
  create or replace function bench.id(kind int, number bigint) returns uuid language sql immutable parallel safe as $$
    select ('018f' || lpad(to_hex(kind), 4, '0') || '-' || lpad(to_hex(kind), 4, '0') || '-7000-8000-'
            || lpad(to_hex(number), 12, '0'))::uuid $$;
  create or replace function bench.person(number bigint, place bigint, users bigint) returns uuid
    language sql immutable parallel safe as $$
    select md5('user ' || ((number * 7919 + place * 104729) % users))::uuid $$;`;
