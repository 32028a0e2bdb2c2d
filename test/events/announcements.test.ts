import { describe, expect } from 'vitest';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { type Delivery, memoryTransport } from '../../src/transports/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, openService, people, test } from '../setup/service.ts';
import { recordingLogger } from './event.ts';

test('an event is told when it is stored and the call has its answer, and not before', async ({
  service,
  scheduled,
  url,
}) => {
  const { id, host } = await scheduled();
  const seen: unknown[] = [];
  const off = service.on('meeting.updated', async ({ seq }) => {
    seen.push(
      await execute(url, `select seq::int from convoke.meeting_events where stream_id = '${id}' and seq = ${seq}`),
    );
  });
  await service.as({ userId: host }).meetings.update(id, { title: 'Trees' });
  off();
  await expect.poll(() => seen).toEqual([[{ seq: 2 }]]);
});

test('a call that is refused tells nothing', async ({ service, scheduled, events }) => {
  const { id, host } = await scheduled();
  events.length = 0;
  await fails(service.as({ userId: host }).meetings.end(id), 'INVALID_TRANSITION');
  await fails(service.as({ userId: host }).meetings.update(id, { title: '' }), 'VALIDATION');
  expect(events).toEqual([]);
});

describe('listeners', () => {
  test('hear what they ask for, typed by its name, until they stop', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    const heard: string[] = [];
    const off = service.on('meeting.updated', ({ data }) => void heard.push(...data.changed));
    await meetings.update(id, { title: 'Trees' });
    off();
    await meetings.update(id, { title: 'Graphs' });
    expect(heard).toEqual(['title']);
  });

  test('can be taken off by name, too', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const heard: AnyEvent[] = [];
    const listen = (event: AnyEvent) => void heard.push(event);
    service.on('*', listen);
    service.off('*', listen);
    await service.as({ userId: host }).meetings.update(id, { title: 'Trees' });
    expect(heard).toEqual([]);
  });

  test('for once hear the next one only, or none if they stop before', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const heard: number[] = [];
    service.once('meeting.updated', ({ data }) => void heard.push(data.version));
    const off = service.once('meeting.updated', () => void heard.push(-1));
    off();
    for (const title of ['Trees', 'Graphs']) await service.as({ userId: host }).meetings.update(id, { title });
    expect(heard).toEqual([2]);
  });

  test('that fail harm neither the caller nor each other', async ({ url, clock, scheduled }) => {
    const logger = recordingLogger();
    await using service = await openService(url, { clock, logger });
    const { id, host } = await scheduled();
    const heard: string[] = [];
    service.on('meeting.updated', () => {
      throw new Error('broken');
    });
    service.on('meeting.updated', () => Promise.reject(new Error('broken later')));
    service.on('meeting.updated', ({ type }) => void heard.push(type));
    const changed = await service.as({ userId: host }).meetings.update(id, { title: 'Trees' });
    expect(changed.title).toBe('Trees');
    expect(heard).toEqual(['meeting.updated']);
    await expect.poll(() => logger.lines).toHaveLength(2);
  });

  test('hear nothing any more once the service is closed', async ({ url, clock, scheduled, service: other }) => {
    const service = await openService(url, { clock });
    const { id, host } = await scheduled();
    const heard: AnyEvent[] = [];
    service.on('*', (event) => void heard.push(event));
    await service.close();
    await other.as({ userId: host }).meetings.update(id, { title: 'Trees' });
    expect(heard).toEqual([]);
    expect(() => service.as({ userId: host })).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
  });
});

describe('a transport', () => {
  test('gets every event on the channels of its audience', async ({ url, clock }) => {
    const transport = memoryTransport();
    await using service = await openService(url, { clock, transport });
    const [host = '', ada = ''] = people(2);
    const rooms = service.as({ userId: host });
    const times = { scheduledStartTime: clock.now(), scheduledEndTime: new Date(clock.now().getTime() + 30 * minutes) };
    const { id } = await rooms.meetings.schedule({ title: 'Graphs', meetingType: 'Social', ...times });
    const heard: Record<string, string[]> = { all: [], hosts: [], ada: [] };
    const into = (name: string) => (delivery: Delivery) => {
      expect(JSON.parse(delivery.encoded)).toEqual(delivery.event);
      heard[name]?.push(delivery.event.type);
    };
    transport.subscribe(`meeting:${id}`, into('all'));
    transport.subscribe(`meeting:${id}:hosts`, into('hosts'));
    transport.subscribe(`user:${ada}`, into('ada'));
    await rooms.invitations.invite(id, { inviteeIds: [ada] });
    await service.as({ userId: ada }).invitations.respond(id, { response: 'Accepted' });
    await rooms.meetings.start(id);
    await expect.poll(async () => (await service.health()).waitingToPublish).toBe(0);
    expect(heard).toEqual({
      all: ['meeting.started'],
      hosts: ['invitation.sent', 'invitation.accepted'],
      ada: ['invitation.sent', 'invitation.accepted'],
    });
  });

  test('that hangs keeps no call waiting, and shows in the health', async ({ url, clock, scheduled }) => {
    const stuck = Promise.withResolvers<void>();
    await using service = await openService(url, {
      clock,
      transport: { kind: 'push', specVersion: 1, publish: () => stuck.promise },
    });
    const { id, host } = await scheduled();
    for (const title of ['Trees', 'Graphs']) await service.as({ userId: host }).meetings.update(id, { title });
    expect(await service.health()).toMatchObject({ database: 'up', waitingToPublish: 2 });
    stuck.resolve();
    await expect.poll(async () => (await service.health()).waitingToPublish).toBe(0);
  });

  test('gets what is under way before the service has closed', async ({ url, clock, scheduled }) => {
    const taken: string[] = [];
    const publish = async (deliveries: readonly Delivery[]) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      taken.push(...deliveries.map(({ event }) => event.type));
    };
    const service = await openService(url, { clock, transport: { kind: 'push', specVersion: 1, publish } });
    const { id, host } = await scheduled();
    await service.as({ userId: host }).meetings.update(id, { title: 'Trees' });
    await service.as({ userId: host }).meetings.cancel(id);
    await service.close();
    expect(taken).toEqual(['meeting.updated', 'meeting.cancelled']);
  });
});
