import { inspect } from 'node:util';
import { DriverException } from '@mikro-orm/core';
import { describe, expect, test } from 'vitest';
import { failureOf, outcomeUnknown, toMeetingError, violatedConstraint } from '../../src/core/driver-error.ts';
import { MeetingError } from '../../src/core/errors.ts';
import { driverError } from './unit.ts';

const lost = (message: string) => new Error(message);
const node = (code: string, syscall: string) => Object.assign(driverError(code), { syscall });

describe('what a failure means for the call', () => {
  test.for([
    ['40001', 'rolled-back'],
    ['40P01', 'rolled-back'],
    ['55P03', 'rolled-back'],
    ['ECONNREFUSED', 'not-started'],
    ['ENOTFOUND', 'not-started'],
    ['EAI_AGAIN', 'not-started'],
    ['ENOENT', 'not-started'],
    ['57P03', 'not-started'],
    ['53300', 'not-started'],
    ['ECONNRESET', 'unknown'],
    ['EPIPE', 'unknown'],
    ['ETIMEDOUT', 'unknown'],
    ['08006', 'unknown'],
    ['08P01', 'unknown'],
    ['57P01', 'unknown'],
    ['57P02', 'unknown'],
    ['57P05', 'unknown'],
    ['25P03', 'unknown'],
    ['25P04', 'unknown'],
    ['22P02', 'final'],
    ['23505', 'final'],
    ['42P01', 'final'],
    ['53100', 'final'],
    ['57014', 'final'],
  ] as const)('code %s: %s', ([code, failure]) => {
    expect(failureOf(driverError(code))).toBe(failure);
    expect(failureOf(new DriverException(driverError(code)))).toBe(failure);
    expect(failureOf(new Error('wrapped', { cause: driverError(code) }))).toBe(failure);
  });

  test.for([
    ['timeout exceeded when trying to connect', 'not-started'],
    ['Connection terminated due to connection timeout', 'not-started'],
    ['Connection terminated unexpectedly', 'unknown'],
    ['Client has encountered a connection error and is not queryable', 'unknown'],
    ['Client was closed and is not queryable', 'unknown'],
    ['Query read timeout', 'unknown'],
    ['connection ended', 'unknown'],
    ['something else', 'final'],
  ] as const)('the driver’s words “%s”, which carry no code: %s', ([message, failure]) => {
    expect(failureOf(lost(message))).toBe(failure);
  });

  test.for(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET'])(
    '%s while connecting is before anything began; while reading nobody knows',
    (code) => {
      expect(failureOf(node(code, 'connect'))).toBe('not-started');
      expect(failureOf(node(code, 'read'))).toBe('unknown');
    },
  );

  test('whatever else keeps a connection from being made', () => {
    expect(failureOf(node('EADDRNOTAVAIL', 'connect'))).toBe('not-started');
  });

  test('a name with several addresses that all refuse is refused', () => {
    const refused = new AggregateError([node('ECONNREFUSED', 'connect'), node('ECONNREFUSED', 'connect')]);
    expect(failureOf(refused)).toBe('not-started');
    expect(failureOf(new AggregateError([]))).toBe('final');
  });

  test.for([undefined, null, 'text', 7, {}])('%s, which is no error, would fail again', (thrown) => {
    expect(failureOf(thrown)).toBe('final');
    expect(toMeetingError(thrown).code).toBe('INTERNAL');
  });
});

describe('what the caller is told', () => {
  test.for([
    ['40001', 'CONFLICT', false],
    ['40P01', 'CONFLICT', false],
    ['55P03', 'BUSY', true],
    ['ECONNREFUSED', 'UNAVAILABLE', true],
    ['53300', 'UNAVAILABLE', true],
    ['ECONNRESET', 'OUTCOME_UNKNOWN', false],
    ['57P01', 'OUTCOME_UNKNOWN', false],
    ['57014', 'TIMEOUT', true],
    ['23505', 'CONFLICT', false],
    ['23514', 'CONFLICT', false],
    ['53100', 'UNAVAILABLE', true],
    ['58030', 'UNAVAILABLE', true],
    ['28P01', 'UNAVAILABLE', true],
    ['3D000', 'UNAVAILABLE', true],
    ['42P01', 'SCHEMA_MISMATCH', false],
    ['42703', 'SCHEMA_MISMATCH', false],
    ['3F000', 'SCHEMA_MISMATCH', false],
    ['25P02', 'CONFLICT', false],
    ['22021', 'INTERNAL', false],
    ['XX000', 'INTERNAL', false],
  ] as const)('%s is %s', ([code, expected, retryable]) => {
    expect(toMeetingError(driverError(code))).toMatchObject({ code: expected, retryable });
  });

  test('a refusal of ours is passed on as it is', () => {
    const refusal = new MeetingError('CAPACITY', 'Full.');
    expect(toMeetingError(refusal)).toBe(refusal);
  });

  test('what a signal has ended was cancelled', () => {
    expect(toMeetingError(new DOMException('This operation was aborted', 'AbortError')).code).toBe('ABORTED');
  });

  test('nothing of the driver’s error is in ours but the cause, which does not travel', () => {
    const secret = 'Failing row contains ($scrypt$hash, dear diary)';
    const cause = Object.assign(driverError('23514', `insert into meetings … ${secret}`), {
      ...{ detail: secret, query: 'insert into meetings', table: 'meetings', constraint: 'meetings_check' },
    });
    for (const error of [toMeetingError(cause), outcomeUnknown(cause), toMeetingError(driverError('42P01', secret))]) {
      const told = [
        JSON.stringify(error),
        JSON.stringify(Object.entries(error)),
        error.message,
        inspect(error.details),
      ].join();
      expect(told).not.toMatch(/scrypt|diary|insert|meetings_check|23514/);
      expect(Object.keys(error).toSorted()).toEqual(['code', 'details', 'name', 'retryable']);
      expect(Object.getOwnPropertyDescriptor(error, 'cause')).toMatchObject({ enumerable: false });
    }
    expect(toMeetingError(cause).cause).toBe(cause);
  });
});

test('a violated constraint is known by its name, whoever wraps the error; other failures have none', () => {
  const violation = Object.assign(driverError('23505'), { constraint: 'meeting_participants_host_key' });
  expect(violatedConstraint(violation)).toBe('meeting_participants_host_key');
  expect(violatedConstraint(new DriverException(violation))).toBe('meeting_participants_host_key');
  expect(violatedConstraint(Object.assign(driverError('40001'), { constraint: 'x' }))).toBeNull();
  expect(violatedConstraint(driverError('23502'))).toBeNull();
  expect(violatedConstraint('nothing')).toBeNull();
});
