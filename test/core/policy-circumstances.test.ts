import { expect, expectTypeOf, test } from 'vitest';
import type { MeetingStatus, ParticipantRole } from '../../src/core/enums.ts';
import { notFound } from '../../src/core/errors.ts';
import type { ActorRole, MeetingSwitches } from '../../src/core/permission-terms.ts';
import type { Operation, RequiredConditions } from '../../src/core/permissions.ts';
import { allowedRoles, isLimited, judge, legalStates, resolveSwitch } from '../../src/core/policy.ts';
import type { Circumstances, Standing } from '../../src/core/standing.ts';
import { chatOn, standing } from './standings.ts';

type Seen = Omit<Circumstances<'poll.resultsOpen'>, 'conditions'>;
const seeResults = (role: ActorRole, given: Seen, hasVoted = false) =>
  judge('poll.resultsOpen', standing(role), { ...given, conditions: { hasVoted } })?.code;
const walkIn = (more: Standing, notRemoved: boolean) =>
  judge('participant.join', more, { own: true, conditions: { notRemoved, passwordGiven: true, seatFree: true } });
const joinFullWithoutPassword = (role: ActorRole) =>
  judge('participant.join', standing(role), {
    own: true,
    conditions: { notRemoved: true, passwordGiven: false, seatFree: false },
  })?.code;
const createPoll = (status: MeetingStatus) =>
  judge('poll.create', standing('Host', status), { conditions: { draftOnly: false, secretIfAnonymous: true } });

test('flags: off and absent refuse, with the way to get it back', () => {
  const conditions = { present: true };
  const off = judge('chat.send', standing('Participant'), { conditions });
  expect(off?.message).toBe('Your right to use the chat is switched off; ask the Host or a CoHost to switch it on.');
  expect(off?.details).toMatchObject({ flag: 'canUseChat' });
  expect(judge('chat.send', standing('Participant', 'InProgress', chatOn), { conditions })).toBeNull();
  expect(judge('chat.send', standing('Host'), { conditions })).toBeNull();
  expect(judge('chat.send', standing('Observer', 'InProgress', chatOn), { conditions })?.code).toBe('FORBIDDEN');
});

const levels: [MeetingSwitches, MeetingSwitches | undefined, MeetingSwitches, boolean][] = [
  [{}, undefined, {}, true],
  [{}, undefined, { coHostMayStart: false }, false],
  [{}, { coHostMayStart: true }, { coHostMayStart: false }, true],
  [{ coHostMayStart: false }, { coHostMayStart: true }, { coHostMayStart: true }, false],
];

test.each(levels)('switches: meeting %j, series %j, service %j give %s', (settings, series, service, allowed) => {
  expect(resolveSwitch('coHostMayStart', settings, service, series)).toBe(allowed);
  const more = { settings, serviceSwitches: service, ...(series && { seriesSwitches: series }) };
  const error = judge('meeting.start', standing('CoHost', 'Scheduled', more), {
    conditions: { withinStartWindow: true },
  });
  expect(error?.code).toBe(allowed ? undefined : 'FORBIDDEN');
});

test('switches: a refusal names the setting; a CoHost that is switched off is not offered as help', () => {
  const settings = { coHostMayEnd: false };
  const error = judge('meeting.end', standing('CoHost', 'InProgress', { settings }));
  expect(error?.message).toBe('Only the Host may end the meeting; ask them. The setting coHostMayEnd is false.');
  expect(judge('meeting.end', standing('Observer', 'InProgress', { settings }))?.details.allowedRoles).toEqual([
    'Host',
  ]);
  expect(judge('meeting.end', standing('Observer'))?.details.allowedRoles).toEqual(['Host', 'CoHost']);
});

test('switches: outsiders see a meeting only as the port says, never by the meeting’s own settings', () => {
  expect(judge('meeting.read', standing('Outsider'), { visibleToOutsiders: true })).toBeNull();
  expect(judge('meeting.read', standing('Outsider'), { visibleToOutsiders: false })?.code).toBe('NOT_FOUND');
});

test('switches: openJoin lets strangers in, but nobody who was removed', () => {
  const open = standing('Outsider', 'InProgress', { settings: { openJoin: true } });
  expect(walkIn(open, true)).toBeNull();
  expect(walkIn(open, false)?.code).toBe('NOT_FOUND');
  expect(walkIn(standing('Outsider'), true)?.code).toBe('NOT_FOUND');
});

test.each<[MeetingSwitches['privateChat'], ActorRole, ParticipantRole | null, boolean]>([
  ['all', 'Participant', 'Participant', true],
  ['hostsOnly', 'Participant', 'CoHost', true],
  ['hostsOnly', 'Host', 'Participant', true],
  ['hostsOnly', 'Presenter', 'Participant', false],
  ['hostsOnly', 'Participant', null, false],
  ['off', 'Host', 'CoHost', false],
])('privateChat %s: %s to %s: %s', (privateChat, role, targetRole, allowed) => {
  const more = { ...chatOn, settings: { privateChat } };
  const given = { targetRole, conditions: { present: true, recipientReachable: true } };
  const error = judge('chat.sendPrivate', standing(role, 'InProgress', more), given);
  expect(error?.code).toBe(allowed ? undefined : 'FORBIDDEN');
});

test.each(['"yes"', '1', '{}', '"constructor"'])('switches: %s, which only plain SQL can store, denies', (stored) => {
  const settings: MeetingSwitches = JSON.parse(`{ "coHostMayEnd": ${stored}, "privateChat": ${stored} }`);
  expect(judge('meeting.end', standing('CoHost', 'InProgress', { settings }))?.code).toBe('FORBIDDEN');
  const given = { targetRole: 'Host', conditions: { present: true, recipientReachable: true } } as const;
  const error = judge('chat.sendPrivate', standing('Participant', 'InProgress', { ...chatOn, settings }), given);
  expect(error?.code).toBe('FORBIDDEN');
});

test('results of an open poll: hosts and the creator always, others by the poll’s word', () => {
  expect(seeResults('Host', { own: false, resultsVisibility: 'hostsOnly' })).toBeUndefined();
  expect(seeResults('Presenter', { own: true, resultsVisibility: 'hostsOnly' })).toBeUndefined();
  expect(seeResults('Participant', { own: false, resultsVisibility: 'always' })).toBeUndefined();
  expect(seeResults('Participant', { own: false, resultsVisibility: 'afterVote' }, true)).toBeUndefined();
  expect(seeResults('Participant', { own: false, resultsVisibility: 'afterVote' })).toBe('FORBIDDEN');
  expect(seeResults('Participant', { own: false, resultsVisibility: 'afterClose' })).toBe('FORBIDDEN');
  expect(seeResults('Observer', { own: false, resultsVisibility: 'always' })).toBe('FORBIDDEN');
});

test('conditions about the actor bind people and not System', () => {
  const conditions = { memberNow: false };
  expect(judge('events.subscribe', standing('System'), { conditions })).toBeNull();
  expect(judge('events.subscribe', standing('Host'), { conditions })?.code).toBe('NOT_FOUND');
  expect(judge('recording.control', standing('System'), { conditions: { recordingEnabled: false } })?.code).toBe(
    'FORBIDDEN',
  );
});

test('Host and CoHost need no password, and the Host always has a seat', () => {
  expect(joinFullWithoutPassword('Host')).toBeUndefined();
  expect(joinFullWithoutPassword('CoHost')).toBe('CAPACITY');
  expect(joinFullWithoutPassword('Presenter')).toBe('WRONG_PASSWORD');
});

test('a condition that fails in another way says so, with its facts', () => {
  const given = {
    own: true,
    conditions: {
      notRemoved: true,
      passwordGiven: { code: 'RATE_LIMITED', details: { retryAfterSeconds: 30 } },
      seatFree: true,
    },
  } as const;
  const error = judge('participant.join', standing('Participant'), given);
  expect(error?.code).toBe('RATE_LIMITED');
  expect(error?.retryable).toBe(true);
  expect(error?.details).toMatchObject({ condition: 'passwordGiven', retryAfterSeconds: 30 });
  expect(error?.message).toBe('Too many wrong passwords; wait before you try again.');
  const gone = judge('participant.transferHost', standing('Host'), {
    conditions: { targetMayHost: { code: 'NOT_FOUND' } },
  });
  expect(gone?.toJSON()).toEqual(notFound('member').toJSON());
});

test('conditions of one state bind in that state only', () => {
  expect(createPoll('InProgress')).toBeNull();
  expect(createPoll('Scheduled')?.code).toBe('INVALID_TRANSITION');
  expect(createPoll('Scheduled')?.details).toMatchObject({ status: 'Scheduled', condition: 'draftOnly' });
});

test('statements get roles, flag and switch; the service’s setting becomes the default', () => {
  expect(allowedRoles('chat.send')).toMatchObject({
    always: ['Host', 'CoHost'],
    byFlag: ['Presenter', 'Participant'],
    flag: 'canUseChat',
    switch: null,
    default: null,
  });
  expect(allowedRoles('attachment.create')).toMatchObject({ bySwitch: ['Participant'], default: true });
  expect(allowedRoles('attachment.create', { participantsMayUpload: false }).default).toBe(false);
});

test('views and states can be asked for', () => {
  expect(isLimited('participant.list', 'Observer')).toBe('hostsAndCountOnly');
  expect(isLimited('participant.list', 'Participant')).toBeNull();
  expect(legalStates('meeting.reschedule')).toEqual(['Scheduled', 'Postponed']);
  expect(legalStates('template.read')).toEqual([]);
});

test('the compiler asks for what an operation needs, and for nothing else', () => {
  expectTypeOf<RequiredConditions<'poll.create'>>().toEqualTypeOf<'secretIfAnonymous' | 'draftOnly'>();
  expectTypeOf<RequiredConditions<'poll.resultsOpen'>>().toEqualTypeOf<'hasVoted'>();
  expectTypeOf<RequiredConditions<'agenda.read'>>().toEqualTypeOf<never>();
  expectTypeOf<'owner.read'>().not.toExtend<Operation>();
  const at = standing('Host');
  const calls = [
    // @ts-expect-error -- the condition is missing
    () => judge('recording.control', at),
    // @ts-expect-error -- that condition is of another operation
    () => judge('recording.control', at, { conditions: { recordingEnabled: true, present: true } }),
    // @ts-expect-error -- whose poll it is is missing
    () => judge('poll.close', at, { conditions: { pollOpen: true } }),
    // @ts-expect-error -- the target is missing
    () => judge('participant.remove', at),
    // @ts-expect-error -- the port's answer is missing
    () => judge('meeting.read', at),
    // @ts-expect-error -- EXPIRED is no code of this condition
    () => judge('recording.control', at, { conditions: { recordingEnabled: { code: 'EXPIRED' } } }),
    // @ts-expect-error -- what hides says yes or no
    () => judge('events.subscribe', at, { conditions: { memberNow: { details: {} } } }),
  ];
  expect(calls).toHaveLength(7);
});
