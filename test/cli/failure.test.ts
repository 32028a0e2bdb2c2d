import { expect, test } from 'vitest';
import { explained } from '../../src/cli/failure.ts';
import { MeetingError, meetingErrors } from '../../src/core/errors.ts';

const url = 'postgres://ada:open%20sesame@db.example/app';

test('a failure is told with its reason and what to do, without a stack', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:5432');
  const wrapped = new Error('select 1 - connect ECONNREFUSED', { cause: refused });
  const failure = new MeetingError('UNAVAILABLE', 'No database answers at db.example:5432/app.', { cause: wrapped });
  expect(explained(failure, url).split('\n')).toEqual([
    'convoke: No database answers at db.example:5432/app.',
    'Reason: connect ECONNREFUSED 127.0.0.1:5432',
    `What to do: ${meetingErrors.UNAVAILABLE.remedy}`,
    '',
  ]);
});

test('of several addresses that refuse, the first gives the reason', () => {
  const cause = new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('second')]);
  const failure = new MeetingError('UNAVAILABLE', 'No database answers.', { cause });
  expect(explained(failure, url)).toContain('Reason: connect ECONNREFUSED ::1:5432\n');
});

test('a failure without a cause has no reason, and nothing is told twice', () => {
  const failure = new MeetingError('SCHEMA_MISMATCH', 'Too new.');
  expect(explained(failure, null)).toBe(`convoke: Too new.\nWhat to do: ${meetingErrors.SCHEMA_MISMATCH.remedy}\n`);
  const same = new MeetingError('BUSY', 'Locked.', { cause: new Error('Locked.\nDETAIL: rows') });
  expect(explained(same, null)).not.toContain('Reason');
});

test('what nobody expected is a defect, told with the first line of what was thrown', () => {
  const told = explained(new TypeError('x is not a function\n    at somewhere'), url);
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
  const told = explained(new Error(message), url);
  expect(told).toContain('***');
  expect(told).not.toMatch(/sesame|else@/);
});

test('a password that is also the name of the database leaves that name readable', () => {
  const told = explained(new Error('database "app" does not exist'), 'postgres://app:app@localhost/app');
  expect(told).toContain('Reason: database "app" does not exist\n');
});

test('a password that cannot be decoded is hidden all the same', () => {
  expect(explained(new Error('bad 50%off'), 'postgres://ada:50%off@localhost/app')).not.toContain('50%off');
});
