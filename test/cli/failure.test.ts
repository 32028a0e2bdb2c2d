import { expect, test } from 'vitest';
import { explained } from '../../src/cli/failure.ts';
import { MeetingError, meetingErrors } from '../../src/core/errors.ts';

const url = 'postgres://ada:open%20sesame@db.example/app';
const given = { url, by: '--url' } as const;

test('a failure is told with its reason and what to do, without a stack', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:5432');
  const wrapped = new Error('select 1 - connect ECONNREFUSED', { cause: refused });
  const failure = new MeetingError('UNAVAILABLE', 'No database answers at db.example:5432/app.', { cause: wrapped });
  expect(explained(failure, given).split('\n')).toEqual([
    'convoke: No database answers at db.example:5432/app.',
    'Reason: connect ECONNREFUSED 127.0.0.1:5432',
    `What to do: ${meetingErrors.UNAVAILABLE.remedy}`,
    '',
  ]);
});

test('of several addresses that refuse, the first gives the reason', () => {
  const cause = new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('second')]);
  const failure = new MeetingError('UNAVAILABLE', 'No database answers.', { cause });
  expect(explained(failure, given)).toContain('Reason: connect ECONNREFUSED ::1:5432\n');
});

test.each(['--url', 'DATABASE_URL'] as const)('what a host calls database.url is called %s here', (by) => {
  const failure = new MeetingError('UNAVAILABLE', 'No database answers; check database.url.');
  expect(explained(failure, { url, by })).toContain(`convoke: No database answers; check ${by}.\n`);
});

test('nobody who ran migrate is told to run migrate: what a schema needs is in the message', () => {
  const failure = new MeetingError('SCHEMA_MISMATCH', 'Could not be migrated; see the cause.');
  expect(explained(failure, given)).toBe('convoke: Could not be migrated; see the cause.\n');
});

test('a failure without a cause has no reason, and nothing is told twice', () => {
  const failure = new MeetingError('INTERNAL', 'A defect.');
  expect(explained(failure, null)).toBe(`convoke: A defect.\nWhat to do: ${meetingErrors.INTERNAL.remedy}\n`);
  const same = new MeetingError('BUSY', 'Locked.', { cause: new Error('Locked.\nDETAIL: rows') });
  expect(explained(same, null)).not.toContain('Reason');
});

test('what nobody expected is a defect, told with the first line of what was thrown', () => {
  const told = explained(new TypeError('x is not a function\n    at somewhere'), given);
  expect(told).toContain('Reason: x is not a function\n');
  expect(told).not.toContain('somewhere');
  expect(told).toContain(meetingErrors.INTERNAL.remedy);
});

test.each([
  'cannot parse postgres://ada:open%20sesame@db.example/app',
  'cannot parse postgres://somebody:else@db.example/app',
  'login failed with open sesame',
  'login failed with open%20sesame',
])('no password is repeated: %s', (message) => {
  const told = explained(new Error(message), given);
  expect(told).toContain('***');
  expect(told).not.toMatch(/sesame|else@/);
});

test('a password that is also the name of the database leaves that name readable', () => {
  const told = explained(new Error('database "app" does not exist'), {
    url: 'postgres://app:app@localhost/app',
    by: '--url',
  });
  expect(told).toContain('Reason: database "app" does not exist\n');
});

test('a password that cannot be decoded is hidden all the same', () => {
  const badly = { url: 'postgres://ada:50%off@localhost/app', by: '--url' } as const;
  expect(explained(new Error('bad 50%off'), badly)).not.toContain('50%off');
});
