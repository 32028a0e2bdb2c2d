import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { openService } from '../setup/service.ts';
import { Cluster } from './cluster.ts';
import { Crowd, expectWholePool, limits, openMeeting, type OpenMeeting } from './crowd.ts';
import { isCommit, Proxy } from './proxy.ts';

let cluster: Cluster;
let direct: string;
let proxy: Proxy;
let service: MeetingService;
let meeting: OpenMeeting;

beforeAll(async () => {
  cluster = await Cluster.create();
  direct = await cluster.createDatabase('app');
});

afterAll(async () => {
  await expectIntegrity(direct);
  await cluster[Symbol.asyncDispose]();
});

beforeEach(async () => {
  proxy = await Proxy.create(cluster.port);
  service = await openService(proxy.url(direct), { limits });
  meeting = await openMeeting(service);
});

afterEach(async () => {
  proxy.cutAnswer = null;
  await service.close();
  await proxy[Symbol.asyncDispose]();
});

test('connections that are reset again and again are replaced, and nothing that was promised is lost', async () => {
  const crowd = new Crowd(service, meeting.id);
  crowd.gather(16);
  for (let reset = 0; reset < 5; reset++) {
    await crowd.goesOn(30);
    expect(proxy.resetAll()).toBeGreaterThan(0);
  }
  await crowd.goesOn(100);
  await crowd.disperse(15_000);
  expect(crowd.heard.OUTCOME_UNKNOWN).toBeGreaterThan(0);
  await crowd.expectKept(cluster, 'app');
  await expectWholePool(service, cluster, 'app');
});

test('a network that swallows everything is given up on in time, and the service is there when it comes back', async () => {
  const impatient = await openService(proxy.url(direct), {
    limits: { ...limits, poolSize: 4, connectTimeoutMs: 300, queryTimeoutMs: 300 },
  });
  const crowd = new Crowd(impatient, meeting.id);
  crowd.gather(8);
  await crowd.goesOn(30);
  proxy.blackhole = true;
  const heard = () => ({ ...crowd.heard });
  await expect
    .poll(heard, { timeout: 15_000 })
    .toMatchObject({ OUTCOME_UNKNOWN: expect.any(Number), UNAVAILABLE: expect.any(Number) });
  await pause(5_000); // long enough to wait in vain for the rollback as well, which is how a slot would be lost
  proxy.blackhole = false;
  await crowd.goesOn(100);
  await crowd.disperse(15_000);
  await crowd.expectKept(cluster, 'app');
  await Promise.all(Array.from({ length: 4 }, () => impatient.check()));
  await impatient.close();
});

/** Calls until there is an answer, as a client with a key may. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (let time = 0; time < 20; time++) {
    try {
      return await call();
    } catch (error) {
      if (!isMeetingError(error) || !['OUTCOME_UNKNOWN', 'UNAVAILABLE'].includes(error.code)) throw error;
    }
  }
  throw new Error('there is no answer to be had');
}

/** Cuts about every third answer to a COMMIT, never the same ones. */
function cutCommits(): void {
  proxy.cutAnswer = (sql) => isCommit(sql) && Math.random() < 0.3;
}

test('a hundred keyed joins over a network that swallows the answers to commits are a hundred joins', async () => {
  const people = Array.from({ length: 100 }, () => newId());
  const join = (userId: string) =>
    service.as({ userId }).with({ idempotencyKey: 'arrival' }).participants.join(meeting.id);
  cutCommits();
  const joined = await Promise.all(people.map((userId) => insist(() => join(userId))));
  expect(proxy.cuts).toBeGreaterThan(10);

  const again = await Promise.all(people.map((userId) => insist(() => join(userId))));
  expect(again).toEqual(joined);
  proxy.cutAnswer = null;
  const [row] = await cluster.query<{ sessions: number; rows: number; counter: number; told: number }>(
    `select
       (select count(*)::int from convoke.meeting_participant_sessions s where s.meeting_id = m.id) as sessions,
       (select count(*)::int from convoke.meeting_participants p where p.meeting_id = m.id) as rows,
       (select count(*)::int from convoke.meeting_events e
         where e.stream_id = m.id and e.type = 'participant.joined') as told,
       m.current_participants_count as counter
     from convoke.meetings m where m.id = '${meeting.id}'`,
    'app',
  );
  expect(row).toEqual({ sessions: 101, rows: 101, counter: 101, told: 101 });
});

test('a hundred keyed messages and votes over the same network are a hundred messages and votes', async () => {
  const people = Array.from({ length: 100 }, () => newId());
  await Promise.all(people.map((userId) => service.as({ userId }).participants.join(meeting.id)));
  const host = service.as({ userId: meeting.host });
  const { id: pollId } = await host.polls.create(meeting.id, { pollType: 'YesNo', question: 'All in?' });
  const keyed = (userId: string) => service.as({ userId }).with({ idempotencyKey: 'once' });
  const send = (userId: string) => keyed(userId).chat.send(meeting.id, { content: `I am ${userId}` });
  const vote = (userId: string) => keyed(userId).polls.vote(pollId, { selectedOptions: [0] });
  cutCommits();
  const sent = await Promise.all(people.map((userId) => insist(() => send(userId))));
  const voted = await Promise.all(people.map((userId) => insist(() => vote(userId))));
  expect(proxy.cuts).toBeGreaterThan(20);

  expect(await Promise.all(people.map((userId) => insist(() => send(userId))))).toEqual(sent);
  expect(await Promise.all(people.map((userId) => insist(() => vote(userId))))).toEqual(voted);
  proxy.cutAnswer = null;
  const [row] = await cluster.query<{ messages: number; told: number; votes: number; receipts: number }>(
    `select
       (select count(*)::int from convoke.meeting_chat_messages c where c.meeting_id = m.id) as messages,
       (select count(*)::int from convoke.meeting_events e
         where e.stream_id = m.id and e.type = 'chat.message.sent') as told,
       (select count(*)::int from convoke.meeting_poll_responses r where r.poll_id = '${pollId}') as votes,
       (select count(*)::int from convoke.meeting_events e
         where e.type = 'poll.vote-received' and e.data->>'pollId' = '${pollId}') as receipts
     from convoke.meetings m where m.id = '${meeting.id}'`,
    'app',
  );
  expect(row).toEqual({ messages: 100, told: 100, votes: 100, receipts: 100 });
});

test('messages with a name of their sender’s are sent once over the same network, without any key', async () => {
  const { chat } = service.as({ userId: meeting.host });
  const names = Array.from({ length: 60 }, (_, n) => `mine-${n}`);
  const send = (clientMessageId: string) => chat.send(meeting.id, { content: clientMessageId, clientMessageId });
  // A lone statement commits by itself: there is no COMMIT whose answer could be cut, so its own is. It is seen when a connection
  // prepares it, and each cut brings a new connection.
  const lost = 20;
  proxy.cutAnswer = (sql) => sql.includes('meeting_chat_messages') && proxy.cuts < lost;
  const sent = await Promise.all(names.map((name) => insist(() => send(name))));
  expect(proxy.cuts).toBeGreaterThanOrEqual(lost);
  proxy.cutAnswer = null;
  expect(new Set(sent.map(({ id }) => id)).size).toBe(names.length);
  const [row] = await cluster.query<{ messages: number; told: number }>(
    `select (select count(*)::int from convoke.meeting_chat_messages where meeting_id = '${meeting.id}') as messages,
            (select count(*)::int from convoke.meeting_events
              where stream_id = '${meeting.id}' and type = 'chat.message.sent') as told`,
    'app',
  );
  expect(row).toEqual({ messages: names.length, told: names.length });
});

test('without keys the same network makes outcomes unknown, and repeating blindly makes more than was asked for', async () => {
  const host = newId();
  const schedule = (key: string | null) => {
    const rooms = service.as({ userId: host });
    return (key === null ? rooms : rooms.with({ idempotencyKey: key })).meetings.schedule({
      title: key === null ? 'Unkeyed' : 'Keyed',
      meetingType: 'Review',
      scheduledStartTime: new Date('2030-01-01T09:00:00.000Z'),
      scheduledEndTime: new Date('2030-01-01T10:00:00.000Z'),
    });
  };
  cutCommits();
  const asked = 60;
  const unkeyed = await Promise.allSettled(Array.from({ length: asked }, () => schedule(null)));
  const unknown = unkeyed.filter((outcome) => outcome.status === 'rejected');
  expect(unknown.length).toBeGreaterThan(0);
  for (const { reason } of unknown) expect(reason).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
  await Promise.all(unknown.map(() => insist(() => schedule(null))));
  const keyed = await Promise.all(Array.from({ length: asked }, (_, n) => insist(() => schedule(`meeting-${n}`))));
  proxy.cutAnswer = null;

  const counts = await cluster.query<{ title: string; n: number }>(
    `select title, count(*)::int as n from convoke.meetings where creator_id = '${host}' group by title`,
    'app',
  );
  const made = Object.fromEntries(counts.map(({ title, n }) => [title, n]));
  expect(made['Keyed']).toBe(asked);
  expect(new Set(keyed.map((view) => view.id)).size).toBe(asked);
  expect(made['Unkeyed']).toBeGreaterThanOrEqual(asked + unknown.length);
});

test('a slow network makes calls slow and breaks nothing', async () => {
  proxy.latencyMs = 25;
  const crowd = new Crowd(service, meeting.id);
  crowd.gather(8);
  await crowd.goesOn(40);
  await crowd.disperse(15_000);
  proxy.latencyMs = 0;
  expect(crowd.heard).toEqual({});
  await crowd.expectKept(cluster, 'app');
});
