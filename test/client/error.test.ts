import { expect, test } from 'vitest';
import { ConvokeError } from '../../src/client/index.ts';
import { MeetingError, type MeetingErrorCode, meetingErrors } from '../../src/core/errors.ts';

test.each(Object.keys(meetingErrors) as MeetingErrorCode[])(
  '%s is as retryable here as it is on the server',
  (code) => {
    const { details, message, retryable } = new MeetingError(code, 'words', { details: { a: 1 } });
    expect(new ConvokeError(code, message, details)).toMatchObject({ code, message, details, retryable });
  },
);

test('codes that nobody knows are not retryable', () => {
  expect(['toString', 'constructor', 'NEW_ONE'].map((code) => new ConvokeError(code, '').retryable)).toEqual([
    ...[false, false, false],
  ]);
});
