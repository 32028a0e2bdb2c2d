/** What reaches a caller when the database fails in every way it can: a code and a remedy, and nothing of what is in it. */
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { type MeetingError, type MeetingErrorCode } from '../../src/core/errors.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { Proxy } from '../faults/proxy.ts';
import { createDatabase, test } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService, people } from '../setup/service.ts';

const secrets = {
  title: 'Merger with Initech',
  meetingPassword: 'swordfish-1984',
  meetingUrl: 'https://meet.example/room/4711-private',
  message: 'Bring the second set of books',
};

/** Everything of an error that a host might send on or print without meaning to. */
function visible(error: MeetingError): string {
  const own = Object.entries(error);
  return [JSON.stringify(error), JSON.stringify(own), error.message, inspect(error.details, { depth: 20 })].join('\n');
}

/** Every object an error leads to, but for the cause and the stack. */
function* reachable(value: unknown, seen = new Set<unknown>()): Generator<object> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  yield value;
  for (const inner of Object.values(value)) yield* reachable(inner, seen);
}

function expectDiscreet(error: MeetingError, others: readonly string[]): void {
  const told = visible(error);
  for (const secret of [...Object.values(secrets), ...others]) expect(told).not.toContain(secret);
  expect(told).not.toMatch(/\b(select|insert|update|delete)\b.*\b(from|into|set)\b|\$\d|scrypt|convoke\.|meeting_\w+/i);
  expect(Object.keys(error)).not.toContain('cause');
  expect(Object.keys(error.toJSON()).toSorted()).toEqual(['code', 'details', 'message', 'retryable']);
  for (const inner of reachable({ ...error.toJSON() }))
    expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(inner));
}

async function scene(service: MeetingService) {
  const [host = '', guest = '', stranger = ''] = people(3);
  const { message, ...wish } = secrets;
  const { id } = await service.as({ userId: host }).meetings.schedule({
    ...wish,
    meetingType: 'Discussion',
    scheduledStartTime: new Date(Date.now() + 60_000),
    scheduledEndTime: new Date(Date.now() + 3_660_000),
  });
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest], message });
  return { id, host, guest, stranger };
}

test.for([
  ['a table is gone', 'alter table convoke.meetings rename to lost', 'SCHEMA_MISMATCH'],
  ['a column is gone', 'alter table convoke.meetings rename column title to heading', 'SCHEMA_MISMATCH'],
  [
    'a constraint of somebody else’s is violated',
    `alter table convoke.meetings add constraint nosy check (title <> '${secrets.title}') not valid`,
    'CONFLICT',
  ],
  [
    'a trigger of somebody else’s talks',
    `create function convoke.talk() returns trigger language plpgsql as
       $$ begin raise exception 'no % for %', new.title, new.meeting_url; end $$;
     create trigger talk before insert or update on convoke.meetings for each row execute function convoke.talk()`,
    'INTERNAL',
  ],
  [
    'the server runs out of time',
    `create function convoke.doze() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$;
     create trigger doze before insert or update on convoke.meetings for each row execute function convoke.doze()`,
    'TIMEOUT',
  ],
] as const)('when %s, the error says no more than what to do', async ([, sql, expected]) => {
  await using database = await createDatabase('migrated');
  await using service = await openService(database.url, { limits: { queryTimeoutMs: 400 } });
  const { id, host, guest, stranger } = await scene(service);
  await execute(database.url, sql);
  const rooms = service.as({ userId: host });
  const calls: (() => Promise<unknown>)[] = [
    () => rooms.meetings.update(id, { title: secrets.title, description: secrets.message }),
    () => rooms.meetings.start(id),
    () =>
      rooms.meetings.schedule({
        ...{ title: secrets.title, meetingPassword: secrets.meetingPassword, meetingType: 'Discussion' },
        scheduledStartTime: new Date(Date.now() + 60_000),
        scheduledEndTime: new Date(Date.now() + 3_660_000),
      }),
  ];
  for (const call of calls) {
    const error = await fails(call(), expected);
    expectDiscreet(error, [id, host, guest, stranger]);
    expect(error.cause).toBeInstanceOf(Error);
  }
});

test('a connection that breaks is told of without an address or a statement', async ({ url }) => {
  await using proxy = await Proxy.create(Number(new URL(url).port));
  await using service = await openService(proxy.url(url));
  const { id, host, guest } = await scene(service);
  proxy.cutBefore = (sql) => sql.includes('meeting');
  const answer = { response: 'Accepted', message: secrets.message } as const;
  const expected: [() => Promise<unknown>, MeetingErrorCode][] = [
    [() => service.as({ userId: host }).meetings.get(id), 'UNAVAILABLE'],
    [() => service.as({ userId: guest }).invitations.respond(id, answer), 'OUTCOME_UNKNOWN'],
  ];
  for (const [call, code] of expected) {
    const error = await fails(call(), code);
    expectDiscreet(error, [id, host, guest, String(proxy.port), '127.0.0.1']);
  }
  proxy.cutBefore = null;
});

test('an outsider’s refusals are the same for a meeting that is there and one that is not', async ({ url }) => {
  await using service = await openService(url);
  const { id, host, guest, stranger } = await scene(service);
  const [elsewhere = ''] = people(1);
  const rooms = service.as({ userId: stranger });
  const attempts = (meetingId: string) => [
    () => rooms.meetings.get(meetingId),
    () => rooms.meetings.start(meetingId),
    () => rooms.meetings.update(meetingId, { title: 'Mine' }),
    () => rooms.participants.join(meetingId),
    () => rooms.participants.join(meetingId, { meetingPassword: secrets.meetingPassword }),
    () => rooms.participants.leave(meetingId),
    () => rooms.participants.remove(meetingId, guest),
    () => rooms.invitations.respond(meetingId, { response: 'Accepted' }),
    () => rooms.invitations.invite(meetingId, { inviteeIds: [stranger] }),
    () => rooms.engagement.meeting(meetingId),
  ];
  const absent = attempts(elsewhere);
  for (const [index, call] of attempts(id).entries()) {
    const error = await fails(call(), 'NOT_FOUND');
    expectDiscreet(error, [id, host, guest]);
    expect(error.toJSON()).toEqual((await fails((absent[index] ?? call)(), 'NOT_FOUND')).toJSON());
  }
});
