import { expect, test } from 'vitest';
import { eventLines } from '../../src/demo/event-lines.ts';
import { placeOf } from '../../src/demo/wording.ts';
import type { AnyEvent } from '../../src/events/catalogue.ts';

const place = placeOf('Europe/Berlin');
const nameOf = (userId: string) => `<${userId}>`;

function event(seq: number, time: string, told: Pick<AnyEvent, 'type' | 'data'>): AnyEvent {
  const envelope = {
    ...{ id: `event-${seq}`, stream: { kind: 'meeting', id: 'm' }, seq, epoch: 'e', prev: seq - 1, time },
    ...{ audience: 'all', actorId: null },
  };
  return { ...envelope, ...told } as AnyEvent;
}

const sent = (seq: number, inviteeId: string) =>
  event(seq, '2026-03-02T09:00:00.000Z', {
    type: 'invitation.sent',
    data: { inviteeId, inviterId: 'host', role: 'Participant', again: false },
  });
const joined = (seq: number, minute: number) =>
  event(seq, `2026-03-02T10:${String(minute).padStart(2, '0')}:00.000Z`, {
    type: 'participant.joined',
    data: { userId: `p${seq}`, role: 'Participant' },
  });
const events = [sent(1, 'ada'), sent(2, 'bob'), sent(3, 'eve'), ...[4, 5, 6, 7, 8, 9].map((seq) => joined(seq, seq))];

test('what happened at one instant to several people is one line', () => {
  const [first, second] = eventLines(events, 20, { place, nameOf });
  expect(first).toEqual({
    ...{ numbers: '1–3', day: 'Mon 2 Mar', time: '10:00:00', type: 'invitation.sent', about: '<ada> and 2 more' },
  });
  expect(second).toEqual({
    ...{ numbers: '4', day: 'Mon 2 Mar', time: '11:04:00', type: 'participant.joined', about: '<p4>' },
  });
});

test('all of them are one line each', () => {
  const lines = eventLines(events, 'all', { place, nameOf });
  expect(lines.map((line) => ('numbers' in line ? line.numbers : '…'))).toEqual('123456789'.split(''));
});

function shape(limit: number): string[] {
  return eventLines(events, limit, { place, nameOf }).map((line) =>
    'omitted' in line ? `+${line.omitted}` : line.numbers,
  );
}

test('a short list shows how it began and how it came out, and counts what it leaves out', () => {
  expect(shape(7)).toEqual(['1–3', '4', '5', '6', '7', '8', '9']);
  expect(shape(6)).toEqual(['1–3', '4', '5', '+1', '7', '8', '9']);
  expect(shape(3)).toEqual(['1–3', '4', '+4', '9']);
  expect(shape(1)).toEqual(['1–3', '+6']);
  expect(shape(0)).toEqual(['+9']);
});
