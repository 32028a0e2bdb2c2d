import { expect, expectTypeOf } from 'vitest';
import type { AnyEvent, EventName, EventOf } from '../../src/events/catalogue.ts';
import { answer } from '../core/loosely.ts';
import { test } from '../setup/service.ts';

const methods = ['on', 'once'] as const;

const ended = (event: EventOf<'meeting.ended'>) => void event;
const any = (event: AnyEvent) => void event;

test.for(methods)('%s refuses what could never hear anything, and says what it is', (method, { service }) => {
  const name = { path: 'name', message: expect.stringContaining('meeting.started') };
  const listener = { path: 'listener', message: 'must be a function' };
  const refusals: [readonly unknown[], unknown[]][] = [
    [['meeting.startd', () => {}], [name]],
    [['toString', () => {}], [name]],
    [[undefined, () => {}], [name]],
    [['meeting.started'], [listener]],
    [['*', null], [listener]],
    [['*', { handleEvent: () => {} }], [listener]],
    [
      ['constructor', 7],
      [name, listener],
    ],
  ];
  for (const [given, fields] of refusals)
    expect(answer(service, method, given)).toMatchObject({ code: 'VALIDATION', details: { fields } });
});

test('to stop listening for something that never was does nothing', ({ service }) => {
  expect(answer(service, 'off', ['meeting.startd', null])).toBeUndefined();
  expect(service.off('meeting.ended', () => {})).toBeUndefined();
});

test('once hears one event, of one name or of any', async ({ service, scheduled }) => {
  const heard: string[] = [];
  service.once('*', (event) => void heard.push(`any: ${event.type}`));
  service.once('meeting.postponed', ({ data }) => void heard.push(`postponed: ${data.reason}`));
  const { id, host } = await scheduled();
  await service.as({ userId: host }).meetings.postpone(id, { reason: 'Snow' });
  await service.as({ userId: host }).meetings.cancel(id);
  expect(heard).toEqual(['any: meeting.scheduled', 'postponed: Snow']);
});

test('the name of an event decides what its listener gets', ({ service }) => {
  const wrapped = <Name extends EventName>(name: Name, listener: (event: EventOf<Name>) => void) =>
    service.on(name, listener);
  for (const method of methods) {
    service[method]('meeting.ended', (event) => void expectTypeOf(event).toEqualTypeOf<EventOf<'meeting.ended'>>())();
    service[method]('*', (event) => void expectTypeOf(event).toEqualTypeOf<AnyEvent>())();
    service[method]('meeting.ended', any)();
    service[method]('meeting.ended', ended)();
    // @ts-expect-error -- another event's listener
    service[method]('meeting.started', ended)();
    // @ts-expect-error -- it would get every event
    service[method]('*', ended)();
    // @ts-expect-error -- there is no such event
    expect(() => service[method]('meeting.startd', any)).toThrow('name must be one of');
  }
  wrapped('meeting.ended', ended)();
});
