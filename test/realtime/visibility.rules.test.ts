import { describe, expect, test } from 'vitest';
import { participantRoles } from '../../src/core/enums.ts';
import type { StreamEvent } from '../../src/core/event.ts';
import {
  farewell,
  grantOf,
  isVisible,
  ownGrant,
  personIn,
  rightsTouchedBy,
} from '../../src/realtime/visibility.rules.ts';
import { event } from '../events/event.ts';

const [ada, bob, eve] = ['ada', 'bob', 'eve'];
const hosts = new Set([ada]);
const of = (role: (typeof participantRoles)[number], userId = eve) => grantOf(userId, role, 'Accepted');
const about = (type: string, data: StreamEvent['data'] = {}, more: Partial<StreamEvent> = {}) =>
  event({ type, data, ...more });

describe('who an event is for', () => {
  test.each(participantRoles)('a %s sees what is for all', (role) => {
    expect(isVisible(about('meeting.started'), of(role), hosts)).toBe(true);
  });

  test.each([
    ['Host', true],
    ['CoHost', true],
    ['Presenter', false],
    ['Participant', false],
    ['Observer', false],
  ] as const)('a %s sees what is for hosts: %s', (role, expected) => {
    expect(isVisible(about('analytics.ready', {}, { audience: 'hosts' }), of(role), hosts)).toBe(expected);
  });

  test('a private message is for its two people, not for hosts', () => {
    const message = about('chat.message.sent', {}, { audience: { users: [bob, eve] } });
    expect(isVisible(message, of('Participant', eve), hosts)).toBe(true);
    expect(isVisible(message, of('Participant', bob), hosts)).toBe(true);
    expect(isVisible(message, of('Host', ada), hosts)).toBe(false);
  });

  test('a person’s own stream is theirs alone', () => {
    const told = about('invitation.sent', {}, { stream: { kind: 'user', id: eve }, audience: { users: [eve] } });
    expect(isVisible(told, ownGrant(eve), hosts)).toBe(true);
    expect(isVisible(told, ownGrant(bob), hosts)).toBe(false);
  });
});

describe('Observers', () => {
  test.each([
    ['participant.joined', { userId: bob }, false],
    ['participant.joined', { userId: ada }, true],
    ['participant.joined', { userId: eve }, true],
    ['media.changed', { userId: bob }, false],
    ['screen-share.started', { userId: bob }, false],
    ['screen-share.started', { userId: ada }, true],
    ['invitation.accepted', { inviteeId: bob }, false],
    ['chat.message.sent', { senderId: bob, userId: bob }, true],
    ['poll.opened', { pollId: 'p' }, true],
    ['meeting.updated', {}, true],
    ['participant.joined', {}, true], // blanked: about nobody
  ])('of %s %o', (type, data, expected) => {
    expect(isVisible(about(type, data), of('Observer'), hosts)).toBe(expected);
    expect(isVisible(about(type, data), of('Participant'), hosts)).toBe(true);
  });
});

test('who has declined sees everything but chat', () => {
  const declined = grantOf(eve, 'Participant', 'Declined');
  expect(isVisible(about('chat.message.sent'), declined, hosts)).toBe(false);
  expect(isVisible(about('chat.message.sent', {}, { audience: { users: [eve, bob] } }), declined, hosts)).toBe(false);
  expect(isVisible(about('poll.opened'), declined, hosts)).toBe(true);
});

test('who is no member any more sees their own removal and nothing else', () => {
  const gone = farewell(eve);
  expect(isVisible(about('participant.removed', { userId: eve }), gone, hosts)).toBe(true);
  expect(isVisible(about('participant.removed', { userId: bob }), gone, hosts)).toBe(false);
  expect(isVisible(about('meeting.started'), gone, hosts)).toBe(false);
});

test('a person is found by whatever key names them, and only in events about people', () => {
  expect(personIn(about('participant.left', { userId: bob }))).toBe(bob);
  expect(personIn(about('invitation.sent', { inviteeId: bob }))).toBe(bob);
  expect(personIn(about('participant.issue-reported', { userId: null }))).toBeNull();
  expect(personIn(about('poll.created', { userId: bob }))).toBeNull();
});

describe('whose rights are read again', () => {
  const here = { hasDeclined: (userId: string) => userId === eve, declined: () => [eve] };
  test.each([
    ['participant.role-changed', { userId: bob }, [bob]],
    ['participant.permissions-changed', { userId: bob }, [bob]],
    ['participant.removed', { userId: bob }, [bob]],
    ['participant.host-transferred', { userId: bob, formerHostId: ada }, [bob, ada]],
    ['invitation.declined', { inviteeId: bob }, [bob]],
    ['invitation.accepted', { inviteeId: eve }, [eve]],
    ['participant.joined', { userId: bob }, []],
    ['participant.joined', { userId: eve }, [eve]],
    ['participant.attendance-marked', { userId: eve }, [eve]],
    ['meeting.rescheduled', {}, [eve]],
    ['chat.message.sent', { userId: bob }, []],
    ['participant.left', { userId: bob }, []],
  ])('after %s %o', (type, data, expected) => {
    expect(rightsTouchedBy(about(type, data), here)).toEqual(expected);
  });

  test('nobody’s after an event of a person’s own stream', () => {
    const told = about('participant.removed', { userId: eve }, { stream: { kind: 'user', id: eve } });
    expect(rightsTouchedBy(told, here)).toEqual([]);
  });
});
