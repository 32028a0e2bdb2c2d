import { expect, test, vi } from 'vitest';
import type { MeetingStatus, ParticipantRole } from '../../src/core/enums.ts';
import { MeetingError, notFound } from '../../src/core/errors.ts';
import type { ActorRole } from '../../src/core/permission-terms.ts';
import { authorise, judge } from '../../src/core/policy.ts';
import type { Circumstances, Standing } from '../../src/core/standing.ts';
import { chatOn, standing } from './standings.ts';

const codeOfEdit = (
  role: ActorRole,
  status: MeetingStatus,
  more: Partial<Standing>,
  given: Circumstances<'chat.edit'>,
) => judge('chat.edit', standing(role, status, more), given)?.code;
const changeTemplate = (isPublic: boolean) =>
  judge('template.write', standing('Outsider', null), { own: false, isPublic });
const removeAsCoHost = (targetRole: ParticipantRole) => judge('participant.remove', standing('CoHost'), { targetRole });
const updateAsHost = (status: MeetingStatus, ...fields: string[]) =>
  judge('meeting.update', standing('Host', status), { fields, conditions: { capacityHoldsPresent: true } });
const changeItem = (role: ActorRole, field: string) =>
  judge('agenda.write', standing(role), { own: true, fields: [field] });

test('nothing is wrong: null, and authorise lets the call through', () => {
  expect(judge('agenda.read', standing('Observer'))).toBeNull();
  expect(() => authorise('agenda.read', standing('Observer'))).not.toThrow();
});

test('authorise throws what judge returns', () => {
  expect(() => authorise('meeting.postpone', standing('Participant', 'Scheduled'))).toThrow(MeetingError);
});

test('errors come in order: outsider, role, state, flag, business', () => {
  const all = { conditions: { present: false, withinEditWindow: false }, own: false };
  expect(codeOfEdit('Outsider', 'Completed', {}, all)).toBe('NOT_FOUND');
  expect(codeOfEdit('Participant', 'Completed', {}, all)).toBe('FORBIDDEN');
  expect(codeOfEdit('Participant', 'Completed', {}, { ...all, own: true })).toBe('INVALID_TRANSITION');
  expect(codeOfEdit('Participant', 'InProgress', {}, { ...all, own: true })).toBe('FORBIDDEN');
  const late = { own: true, conditions: { present: true, withinEditWindow: false } };
  expect(codeOfEdit('Participant', 'InProgress', chatOn, late)).toBe('EXPIRED');
  const inTime = { own: true, conditions: { present: true, withinEditWindow: true } };
  expect(codeOfEdit('Participant', 'InProgress', chatOn, inTime)).toBeUndefined();
});

test('what comes later is not even looked for once something is wrong', () => {
  const present = vi.fn<() => boolean>(() => true);
  judge('chat.send', standing('Participant', 'Completed', chatOn), { conditions: { present } });
  expect(present).not.toHaveBeenCalled();
  judge('chat.send', standing('Participant', 'InProgress', chatOn), { conditions: { present } });
  expect(present).toHaveBeenCalledOnce();
});

test('whose object it is, is looked up once', () => {
  const own = vi.fn<() => boolean>(() => false);
  judge('poll.resultsOpen', standing('Participant'), {
    own,
    resultsVisibility: 'afterVote',
    conditions: { hasVoted: true },
  });
  expect(own).toHaveBeenCalledOnce();
});

test('a stranger learns nothing: neither the words nor the details differ from those of an absent meeting', () => {
  const told = judge('meeting.update', standing('Outsider'), {
    fields: ['title'],
    conditions: { capacityHoldsPresent: true },
  });
  expect(told?.toJSON()).toEqual(notFound().toJSON());
  const foreign = judge('poll.vote', standing('Outsider'), {
    noun: 'poll',
    conditions: { present: true, pollOpen: true, mayChangeVote: true },
  });
  expect(foreign?.toJSON()).toEqual(notFound('poll').toJSON());
});

test('a private message of others does not exist, not even for an Observer who could delete none', () => {
  const hides = { noun: 'message', own: false, conditions: { publicOrOwnMessage: false } };
  for (const role of ['Host', 'Participant', 'Observer', 'System'] as const)
    expect(judge('chat.delete', standing(role), hides)?.toJSON()).toEqual(notFound('message').toJSON());
});

test('a refusal by role names who may, and says so to programs', () => {
  const error = judge('meeting.setAccess', standing('CoHost'), { fields: ['settings'] });
  expect(error?.message).toBe(
    "Only the Host may change the meeting's password, link, recording or settings; ask them.",
  );
  expect(error?.details).toMatchObject({ allowedRoles: ['Host'] });
  expect(judge('meeting.reschedule', standing('Observer', 'Scheduled'))?.message).toBe(
    'Only the Host or a CoHost may move the meeting to another time; ask one of them.',
  );
  expect(judge('meeting.purge', standing('Host'))?.message).toContain('the host application itself');
});

test('a refusal of what everybody does for themselves sends to whoever can change the role', () => {
  const conditions = { present: true, pollOpen: true, mayChangeVote: true };
  expect(judge('poll.vote', standing('Observer'), { conditions })?.message).toBe(
    'Only the Host, a CoHost, a Presenter or a Participant may vote; ask the Host or a CoHost for another role.',
  );
});

test('a refusal of System sends it to people', () => {
  const error = judge('note.update', standing('System'), { own: false, conditions: { versionMatches: true } });
  expect(error?.message).toBe('System cannot change this note: that is for people to do.');
});

test('a refusal by state names the state it is in and those it needs', () => {
  const error = judge('meeting.postpone', standing('Host', 'Completed'));
  expect(error?.message).toBe(
    'It is not possible to postpone the meeting while the meeting is completed; it must be scheduled.',
  );
  expect(error?.details).toMatchObject({ status: 'Completed', legalStates: ['Scheduled'] });
});

test('O: only the own object, and the error of its predicate', () => {
  const conditions = { versionMatches: true };
  expect(judge('note.update', standing('Participant'), { own: true, conditions })).toBeNull();
  expect(judge('note.update', standing('Participant'), { own: false, conditions })?.message).toBe(
    'Only its author, the Host or a CoHost may change this note; ask one of them.',
  );
  const invited = { own: false, conditions: { invitationOpen: true } };
  expect(judge('invitation.respond', standing('Participant', 'Scheduled'), invited)?.code).toBe('NOT_FOUND');
  expect(
    judge('chat.edit', standing('Presenter', 'InProgress', chatOn), {
      own: false,
      conditions: { present: true, withinEditWindow: true },
    })?.message,
  ).toBe('Only its author may edit this message; ask them.');
});

test('a template of others: FORBIDDEN when everybody can see it, else there is none', () => {
  expect(changeTemplate(true)?.code).toBe('FORBIDDEN');
  expect(changeTemplate(false)?.toJSON()).toEqual(notFound('template').toJSON());
});

test.each<[ActorRole, ParticipantRole, boolean]>([
  ['Host', 'Host', false],
  ['Host', 'CoHost', true],
  ['CoHost', 'Host', false],
  ['CoHost', 'CoHost', false],
  ['CoHost', 'Presenter', true],
  ['CoHost', 'Observer', true],
  ['System', 'Host', true],
])('L: %s removing a %s: %s', (role, targetRole, allowed) => {
  expect(judge('participant.remove', standing(role), { targetRole })?.code).toBe(allowed ? undefined : 'FORBIDDEN');
});

test('L: a refusal by rank says who could, or that nobody can', () => {
  expect(removeAsCoHost('CoHost')?.message).toBe(
    'Only the Host may remove people from the meeting when that concerns a CoHost; ask them.',
  );
  expect(removeAsCoHost('Host')?.message).toBe(
    'Nobody may remove people from the meeting when that concerns the Host.',
  );
});

test('L: somebody without a place here is not found, but only by those who may look', () => {
  for (const role of ['Host', 'System'] as const)
    expect(judge('participant.remove', standing(role), { targetRole: null })?.code).toBe('NOT_FOUND');
  expect(judge('participant.remove', standing('Observer'), { targetRole: null })?.code).toBe('FORBIDDEN');
});

test.each<[ActorRole, ParticipantRole, boolean]>([
  ['Host', 'CoHost', true],
  ['Host', 'Host', false],
  ['CoHost', 'CoHost', false],
  ['CoHost', 'Presenter', true],
  ['Presenter', 'Participant', true],
  ['Presenter', 'Presenter', false],
  ['Participant', 'Participant', true],
  ['Participant', 'Presenter', false],
  ['System', 'CoHost', true],
  ['System', 'Host', false],
])('grants: %s giving the role %s: %s', (role, grant, allowed) => {
  const settings = { participantsMayInvite: true };
  const error = judge('invitation.create', standing(role, 'Scheduled', { settings }), { grant });
  expect(error?.code).toBe(allowed ? undefined : 'FORBIDDEN');
});

test('grants: a refusal names the roles one may give', () => {
  const error = judge('invitation.create', standing('CoHost', 'Scheduled'), { grant: 'CoHost' });
  expect(error?.message).toContain('Presenter, Participant or Observer');
  expect(error?.details).toMatchObject({ grantable: ['Presenter', 'Participant', 'Observer'] });
});

test('fields: unknown ones are FORBIDDEN, those closed by the state INVALID_TRANSITION', () => {
  expect(updateAsHost('Scheduled', 'title', 'guildId')).toBeNull();
  expect(updateAsHost('InProgress', 'title', 'maxParticipants')).toBeNull();
  expect(updateAsHost('Scheduled', 'title', 'creatorId')?.code).toBe('FORBIDDEN');
  expect(updateAsHost('Scheduled', 'title', 'creatorId')?.details).toMatchObject({ fields: ['creatorId'] });
  const late = updateAsHost('InProgress', 'title', 'guildId');
  expect(late?.code).toBe('INVALID_TRANSITION');
  expect(late?.details).toMatchObject({ status: 'InProgress', fields: ['guildId'] });
  expect(updateAsHost('Completed', 'creatorId')?.code).toBe('FORBIDDEN');
});

test('fields: an actor with a list of its own changes nothing else', () => {
  expect(changeItem('Presenter', 'description')).toBeNull();
  expect(changeItem('Presenter', 'allocatedMinutes')?.code).toBe('FORBIDDEN');
  expect(changeItem('CoHost', 'allocatedMinutes')).toBeNull();
  expect(changeItem('System', 'itemOrder')?.code).toBe('FORBIDDEN');
});

test('where there are no roles, a person who may not is FORBIDDEN, as there is nothing to hide', () => {
  expect(judge('privacy.erase', standing('Outsider', null))?.code).toBe('FORBIDDEN');
  expect(judge('calendar.feed', standing('Outsider', null), { own: false })?.code).toBe('FORBIDDEN');
  expect(judge('meeting.create', standing('Outsider', null))).toBeNull();
});

test('a forgotten status is a defect, not an answer', () => {
  expect(() => judge('meeting.postpone', standing('Host', null))).toThrow(TypeError);
});
