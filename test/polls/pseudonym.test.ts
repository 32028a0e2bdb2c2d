import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { isId, newId } from '../../src/core/identifier.ts';
import { pseudonymOf, sealOf } from '../../src/polls/pseudonym.ts';

const [secret, other] = ['a secret of the host application', 'another of the same length, maybe'];

test('a pseudonym is the keyed hash of poll and person, as a UUID of version 8', () => {
  const [poll, person] = [newId(), newId()];
  const pseudonym = pseudonymOf(secret, poll, person);
  expect(isId(pseudonym)).toBe(true);
  expect(pseudonym).toMatch(/^.{14}8.{4}[89ab]/);
  expect(pseudonymOf(secret, poll, person)).toBe(pseudonym);
  const hash = createHmac('sha256', secret).update(`${poll}|${person}`).digest('hex');
  const digits = pseudonym.replaceAll('-', '');
  expect(digits.slice(0, 12) + digits.slice(13, 16) + digits.slice(17)).toBe(
    hash.slice(0, 12) + hash.slice(13, 16) + hash.slice(17, 32),
  );
  for (const changed of [
    pseudonymOf(other, poll, person),
    pseudonymOf(secret, newId(), person),
    pseudonymOf(secret, poll, newId()),
  ])
    expect(changed).not.toBe(pseudonym);
});

test('what a key is kept under belongs to one person in one poll, and is not the pseudonym', () => {
  const [poll, person] = [newId(), newId()];
  const { ownerId, seal } = sealOf(secret, poll, person);
  expect(isId(ownerId)).toBe(true);
  expect(ownerId).not.toBe(pseudonymOf(secret, poll, person));
  expect(seal('key')).toBe(sealOf(secret, poll, person).seal('key'));
  expect(seal('x'.repeat(10_000)).length).toBeLessThanOrEqual(255);
  const sealed = [
    seal('key'),
    seal('other'),
    sealOf(other, poll, person).seal('key'),
    sealOf(secret, newId(), person).seal('key'),
    sealOf(secret, poll, newId()).seal('key'),
  ];
  expect(new Set(sealed).size).toBe(sealed.length);
});
