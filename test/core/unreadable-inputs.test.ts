/** Inputs that fail while they are read: what they throw is the caller's affair and never comes out as it is. */
import { expect } from 'vitest';
import { isMeetingError, type MeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { Rooms } from '../../src/rooms.ts';
import { hours, test } from '../setup/service.ts';
import { call } from './loosely.ts';

const own = 'the caller’s own words';

function fail(): never {
  throw new Error(own);
}

const unreadable: Readonly<Record<string, () => unknown>> = {
  'a getter that throws': () => Object.defineProperty({ title: 'T' }, 'description', { enumerable: true, get: fail }),
  'a proxy that throws': () => new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail }),
  'a proxy that was revoked': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a toJSON that throws': () => ({ title: 'T', settings: { a: { toJSON: fail } }, meetingId: { toJSON: fail } }),
  'a date that throws': () =>
    Object.assign(new Date(), { getTime: fail, toISOString: fail, valueOf: fail, toJSON: fail }),
  'a list that throws': () => Object.defineProperty([], Symbol.iterator, { get: fail }),
  'a text that throws': () => ({ toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail }),
  'what refers to itself': () => {
    const itself: Record<string, unknown> = {};
    return Object.assign(itself, { settings: itself, title: itself });
  },
};

function methodsOf(room: object): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(room)).filter((name) => name !== 'constructor');
}

async function refusal(room: object, method: string, given: readonly unknown[]): Promise<MeetingError> {
  try {
    await call(room, method, given);
  } catch (error) {
    if (isMeetingError(error)) return error;
    throw error;
  }
  throw new Error(`${method} took it`);
}

/** All that one actor has, by name. */
function roomsOf(service: MeetingService): [string, object][] {
  const rooms = service.as({ userId: newId() });
  const names = Object.getOwnPropertyNames(Rooms.prototype);
  return names.flatMap((name) => {
    const room: unknown = Reflect.get(rooms, name);
    return typeof room === 'object' && room !== null ? [[name, room]] : [];
  });
}

test.for(Object.keys(unreadable))('%s is VALIDATION, wherever it is given', async (kind, { service }) => {
  for (const [name, room] of roomsOf(service))
    for (const method of methodsOf(room)) {
      const path = `${name}.${method}`;
      const first = await refusal(room, method, [unreadable[kind]?.()]);
      expect(`${path}: ${first.code}`).toBe(`${path}: VALIDATION`);
      // What a method does not take, it does not look at.
      for (const before of [[newId()], [newId(), newId()]]) {
        const next = await refusal(room, method, [...before, unreadable[kind]?.()]);
        expect([`${path}: VALIDATION`, `${path}: NOT_FOUND`]).toContain(`${path}: ${next.code}`);
        expect(next.message).not.toContain(own);
      }
    }
});

test.for(Object.keys(unreadable))('%s deep inside an input is VALIDATION too', async (kind, { service, clock }) => {
  const meetings = service.as({ userId: newId() }).meetings;
  const times = {
    scheduledStartTime: new Date(clock.now().getTime() + hours),
    scheduledEndTime: new Date(clock.now().getTime() + 2 * hours),
  };
  const wish = { title: 'T', meetingType: 'Social', ...times };
  for (const field of ['title', 'settings', 'scheduledStartTime', 'maxParticipants']) {
    const input = { ...wish, [field]: unreadable[kind]?.() };
    const keyed = service.as({ userId: newId() }).with({ idempotencyKey: field }).meetings;
    for (const room of [meetings, keyed]) {
      const { code, message } = await refusal(room, 'schedule', [input]);
      expect(code).toBe('VALIDATION');
      expect(message).not.toContain(own);
    }
  }
});
