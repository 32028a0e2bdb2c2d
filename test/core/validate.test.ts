import { expect, test } from 'vitest';
import { z } from 'zod';
import { isMeetingError, type MeetingError } from '../../src/core/errors.ts';
import { boundedArray, id, instant, int32, strict, text, title } from '../../src/core/schema.ts';
import { type FieldError, invalid, validate } from '../../src/core/validate.ts';

function refused(schema: z.ZodType, input: unknown): MeetingError {
  try {
    validate(schema, input);
  } catch (error) {
    if (isMeetingError(error)) return error;
    throw error;
  }
  throw new Error('was accepted');
}

function fields(schema: z.ZodType, input: unknown): unknown {
  return refused(schema, input).details['fields'];
}

const invitation = strict({
  title,
  inviteeIds: boundedArray(id, 500),
  message: text(20).nullable().optional(),
  seats: int32(1, 5).optional(),
});
const ada = '018f2e5c-9a3b-7cde-8f01-23456789abcd';

test('a right input comes back as the schema makes it', () => {
  expect(validate(invitation, { title: 'Maths', inviteeIds: [ada.toUpperCase()] })).toEqual({
    title: 'Maths',
    inviteeIds: [ada],
  });
});

test('the message names the first field and what it must be', () => {
  const error = refused(invitation, { title: 'Maths', inviteeIds: [ada, ada, ada, 'bob'], seats: 9 });
  expect(error.code).toBe('VALIDATION');
  expect(error.message).toBe('inviteeIds[3] must be a UUID (and 1 more).');
  expect(error.details).toEqual({
    fields: [
      { path: 'inviteeIds[3]', message: 'must be a UUID' },
      { path: 'seats', message: 'must be at most 5' },
    ],
  });
});

test.each([
  [{ inviteeIds: [] }, 'title is required.'],
  [{ title: 7, inviteeIds: [] }, 'title must be text.'],
  [{ title: 'a', inviteeIds: ada }, 'inviteeIds must be a list.'],
  [{ title: 'a', inviteeIds: [], seats: 0 }, 'seats must be at least 1.'],
  [{ title: 'a', inviteeIds: [], seats: 1.5 }, 'seats must be a whole number.'],
  [{ title: 'a', inviteeIds: [], role: 'Host' }, 'role is not a known field; leave it out.'],
  [{ title: 'a', inviteeIds: Array.from({ length: 501 }) }, 'inviteeIds must have at most 500 items.'],
  [undefined, 'The input is required.'],
  ['text', 'The input must be an object.'],
])('%j: the sentence tells what to do', (input, message) => {
  expect(refused(invitation, input).message).toBe(message);
});

test('what zod checks by itself is said in our words', () => {
  const schema = z.strictObject({
    status: z.enum(['Accepted', 'Declined']),
    kind: z.literal('party'),
    share: z.number().gt(0).lt(1).multipleOf(0.25),
    name: z.string().min(2),
    when: z.date(),
    on: z.boolean(),
    mail: z.email(),
    tags: z.array(z.string()).min(1),
    counts: z.record(z.string().max(3), z.int()),
  });
  const input = {
    ...{ status: 'Maybe', kind: 'guild', share: 7.1, name: 'x', when: 1, on: 'true', mail: 'x', tags: [] },
    counts: { a: 1.5, long_key: 1 },
  };
  expect(fields(schema, input)).toEqual([
    { path: 'status', message: 'must be one of Accepted, Declined' },
    { path: 'kind', message: 'must be party' },
    { path: 'share', message: 'must be less than 1' },
    { path: 'share', message: 'must be a multiple of 0.25' },
    { path: 'name', message: 'must be at least 2 characters long' },
    { path: 'when', message: 'must be a Date' },
    { path: 'on', message: 'must be true or false' },
    { path: 'mail', message: 'must be written as email' },
    { path: 'tags', message: 'must have at least 1 item' },
    { path: 'counts.a', message: 'must be a whole number' },
    { path: 'counts.long_key', message: 'is not valid' },
  ]);
});

test('a union says which form was nearly met', () => {
  const poll = z.discriminatedUnion('pollType', [
    strict({ pollType: z.literal('Rating'), scale: int32(2, 10) }),
    strict({ pollType: z.literal('YesNo') }),
  ]);
  expect(fields(poll, { pollType: 'Quiz' })).toEqual([{ path: 'pollType', message: 'must be one of Rating, YesNo' }]);
  expect(fields(poll, { pollType: 'Rating', scale: 99 })).toEqual([{ path: 'scale', message: 'must be at most 10' }]);
  const person = strict({ who: z.union([z.string(), strict({ userId: id })]) });
  expect(fields(person, { who: { userId: 'x' } })).toEqual([{ path: 'who.userId', message: 'must be a UUID' }]);
  expect(fields(person, { who: 5 })).toEqual([{ path: 'who', message: 'must be text, or must be an object' }]);
});

test('limits that exclude their own number, sizes of one, and forms that exclude one another are said so', () => {
  const schema = strict({
    share: z.number().gt(0),
    initial: z.string().max(1),
    form: z.xor([z.string(), z.string().min(1)]),
  });
  expect(fields(schema, { share: 0, initial: 'ab', form: 'both' })).toEqual([
    { path: 'share', message: 'must be more than 0' },
    { path: 'initial', message: 'must be at most 1 character long' },
    { path: 'form', message: 'must have exactly one of the allowed forms' },
  ]);
});

test('the words stay ours when the host has set its own for zod', () => {
  const before = z.config().customError;
  try {
    z.config({ customError: () => 'HOST WORDS' });
    expect(fields(invitation, { inviteeIds: 'x' })).toEqual([
      { path: 'title', message: 'is required' },
      { path: 'inviteeIds', message: 'must be a list' },
    ]);
  } finally {
    z.config({ customError: before });
  }
});

test('what was given appears nowhere in the error, however it is looked at', () => {
  const secret = 'correct-horse-battery';
  const schema = strict({
    password: text(5),
    id,
    on: z.boolean(),
    at: instant,
    choice: z.enum(['a']),
    map: z.record(id, z.int()),
  });
  const error = refused(schema, {
    ...{ password: secret, id: secret, on: secret, at: secret, choice: secret },
    map: { [secret + ' ']: secret },
    [`${secret} as a key`]: 1,
  });
  expect(JSON.stringify(error)).not.toContain(secret);
  expect(`${error.message}${error.stack}${JSON.stringify(error.details)}${String(error.cause)}`).not.toContain(secret);
  expect(error.cause).toBeUndefined();
});

test('at most twenty fields are listed, and the message counts the rest', () => {
  const error = refused(strict({ ids: boundedArray(id, 500) }), { ids: Array.from({ length: 300 }).fill('x') });
  expect(error.details['fields']).toHaveLength(20);
  expect(error.message).toBe('ids[0] must be a UUID (and 299 more).');
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, index]));
  expect(fields(strict({}), many)).toHaveLength(20);
});

test('a rule can refuse fields in the same form', () => {
  const wrong: FieldError[] = [{ path: 'scheduledEndTime', message: 'must be after scheduledStartTime' }];
  const error = invalid(wrong);
  expect(error.code).toBe('VALIDATION');
  expect(error.message).toBe('scheduledEndTime must be after scheduledStartTime.');
  expect(error.details).toEqual({ fields: wrong });
});
