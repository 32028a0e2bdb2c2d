import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import type { StreamEvent } from '../../src/core/event.ts';
import { fromCloudEvent, toCloudEvent } from '../../src/feed/index.ts';

const id = fc.uuid();
const seq = fc.oneof(fc.nat(), fc.maxSafeNat());
const event: fc.Arbitrary<StreamEvent> = fc
  .record({
    id,
    stream: fc.record({ kind: fc.constantFrom('meeting', 'user'), id }),
    seq,
    epoch: id,
    prev: seq,
    type: fc.stringMatching(/^[a-z]{1,20}(\.[a-z-]{1,20}){1,3}$/),
    time: fc
      .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    audience: fc.oneof(
      fc.constantFrom('all' as const, 'hosts' as const),
      fc.record({ users: fc.array(id, { maxLength: 5 }) }),
    ),
    actorId: fc.option(id),
    // As it comes out of the log, which cannot tell -0 from 0.
    data: fc
      .dictionary(fc.string(), fc.jsonValue())
      .map((data) => JSON.parse(JSON.stringify(data)) as Record<string, unknown>),
    redacted: fc.constantFrom(true, undefined),
  })
  .map(({ redacted, ...rest }) => (redacted === true ? { ...rest, redacted } : rest));

test('an event comes back from a CloudEvent as it was, also by way of JSON', () => {
  fc.assert(
    fc.property(event, (given) => {
      expect(fromCloudEvent(toCloudEvent(given))).toEqual(given);
      expect(fromCloudEvent(JSON.parse(JSON.stringify(toCloudEvent(given))))).toEqual(given);
    }),
    { numRuns: 500 },
  );
});

test('a CloudEvent keeps to the specification', () => {
  fc.assert(
    fc.property(event, (given) => {
      const { data, ...attributes } = JSON.parse(JSON.stringify(toCloudEvent(given))) as Record<string, unknown>;
      expect(data).toBeTypeOf('object');
      for (const [name, value] of Object.entries(attributes)) {
        expect(name).toMatch(/^[a-z0-9]{1,20}$/);
        expect(typeof value === 'string' ? value.length > 0 : value === true).toBe(true);
      }
      expect(attributes['specversion']).toBe('1.0');
      expect(attributes['source']).toMatch(/^\/(meetings|users)\/[0-9a-f-]{36}$/);
    }),
  );
});

test('sequences are ordered as texts as the events are', () => {
  fc.assert(
    fc.property(event, seq, (given, other) => {
      const [one, two] = [toCloudEvent(given), toCloudEvent({ ...given, seq: other })];
      expect(Math.sign(given.seq - other)).toBe(one.sequence < two.sequence ? -1 : one.sequence > two.sequence ? 1 : 0);
    }),
  );
});

const meetingId = '20000000-0000-4000-8000-00000000000a';
const ada = '20000000-0000-4000-8000-00000000000b';
const sent: StreamEvent = {
  id: '20000000-0000-4000-8000-00000000000c',
  stream: { kind: 'meeting', id: meetingId },
  seq: 42,
  epoch: '20000000-0000-4000-8000-00000000000d',
  prev: 40,
  type: 'chat.message.sent',
  time: '2026-03-02T09:00:00.123Z',
  audience: { users: [ada, meetingId] },
  actorId: ada,
  data: { messageId: 'm', userId: ada },
};

test('an event as others read it', () => {
  expect(toCloudEvent(sent)).toEqual({
    specversion: '1.0',
    id: sent.id,
    source: `/meetings/${meetingId}`,
    type: 'convoke.chat.message.sent.v1',
    subject: 'm',
    time: '2026-03-02T09:00:00.123Z',
    datacontenttype: 'application/json',
    partitionkey: `meeting:${meetingId}`,
    sequence: '00000000000000000042',
    epoch: sent.epoch,
    prev: '00000000000000000040',
    audience: `users:${ada},${meetingId}`,
    actorid: ada,
    data: sent.data,
  });
});

test('what brokers add or write otherwise changes nothing', () => {
  const given = {
    ...toCloudEvent(sent),
    traceparent: '00-1',
    partitionkey: 'other',
    redacted: null,
    time: '2026-03-02T10:00:00.123+01:00',
  };
  expect(fromCloudEvent(given)).toEqual(sent);
  expect(Object.isFrozen(fromCloudEvent(given))).toBe(true);
});

test.for([
  [{ specversion: '0.3' }, 'specversion'],
  [{ id: 'no uuid' }, 'id'],
  [{ source: '/rooms/1' }, 'source'],
  [{ source: `/meetings/${meetingId}/x` }, 'source'],
  [{ type: 'convoke.chat.message.sent.v2' }, 'type'],
  [{ type: 'com.example.x' }, 'type'],
  [{ time: 'yesterday' }, 'time'],
  [{ sequence: '42' }, 'sequence'],
  [{ sequence: '99999999999999999999' }, 'sequence'],
  [{ audience: 'everybody' }, 'audience'],
  [{ audience: 'users:x' }, 'audience'],
  [{ actorid: 1 }, 'actorid'],
  [{ data: [] }, 'data'],
  [{ data: undefined }, 'data'],
  [{ datacontenttype: 'text/xml' }, 'datacontenttype'],
] as const)('refuses %o', ([change, path]) => {
  const refused = () => fromCloudEvent({ ...toCloudEvent(sent), ...change });
  expect(refused).toThrow(
    expect.objectContaining({ code: 'VALIDATION', details: { fields: [expect.objectContaining({ path })] } }),
  );
});

test.for([null, 'text', [], 1])('refuses what is no object: %o', (given) => {
  let caught: unknown;
  try {
    fromCloudEvent(given);
  } catch (error) {
    caught = error;
  }
  expect(isMeetingError(caught) && caught.code).toBe('VALIDATION');
});
