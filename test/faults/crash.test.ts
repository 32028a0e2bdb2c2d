import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { MeetingService } from '../../src/meeting-service.ts';
import { createOrm } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { openService } from '../setup/service.ts';
import { Cluster } from './cluster.ts';
import { Crowd, expectWholePool, limits, openMeeting, type OpenMeeting } from './crowd.ts';

let cluster: Cluster;
let url: string;
let service: MeetingService;
let meeting: OpenMeeting;
let crowd: Crowd;

beforeAll(async () => {
  cluster = await Cluster.create();
  url = await cluster.createDatabase('app');
  service = await openService(url, { limits });
});

afterAll(async () => {
  await service.close();
  await expectIntegrity(url);
  await cluster[Symbol.asyncDispose]();
});

beforeEach(async () => {
  meeting = await openMeeting(service);
  crowd = new Crowd(service, meeting.id);
});

test('three killed backends later the service goes on, and nobody who was told to be in is lost', async () => {
  crowd.gather(16);
  for (let kill = 0; kill < 3; kill++) {
    await crowd.goesOn(50);
    await cluster.killBackend();
    await pause(200);
  }
  await crowd.goesOn(200);
  await crowd.disperse(15_000);
  expect(crowd.heard).not.toEqual({});
  await crowd.expectKept(cluster, 'app');
  await expectWholePool(service, cluster, 'app');
});

test('a server that lost its power comes back with everybody it had promised', async () => {
  crowd.gather(16);
  await crowd.goesOn(100);
  await cluster.kill9();
  await pause(500);
  expect((await service.health()).database).toBe('down');
  await cluster.start();
  await crowd.goesOn(200);
  await crowd.disperse(15_000);
  expect(cluster.log()).toContain('was not properly shut down');
  await crowd.expectKept(cluster, 'app');
  await expectWholePool(service, cluster, 'app');
  expect((await service.health()).database).toBe('up');
});

test('after a restart the service still knows its own database over a connection of the host’s', async () => {
  const orm = await createOrm(url);
  const title = (name: string) =>
    orm.em
      .fork()
      .transactional((em) => service.as({ userId: meeting.host }, { em }).meetings.update(meeting.id, { title: name }));
  await title('Before');
  await cluster.stop();
  await cluster.start();
  await orm.close(true);
  const again = await createOrm(url);
  await again.em
    .fork()
    .transactional((em) =>
      service.as({ userId: meeting.host }, { em }).meetings.update(meeting.id, { title: 'After' }),
    );
  expect((await service.as({ userId: meeting.host }).meetings.get(meeting.id)).title).toBe('After');
  await again.close(true);
});

test('a connection that is terminated in a transaction costs the caller nothing, and the pool no slot', async () => {
  const slots = 2;
  const narrow = await openService(url, { limits: { ...limits, poolSize: slots, lockTimeoutMs: 10_000 } });
  const { meetings } = narrow.as({ userId: meeting.host });
  for (let round = 0; round < 2 * slots; round++) {
    const release = await holdMeeting();
    const update = settled(meetings.update(meeting.id, { title: `Round ${round}` }));
    for (let time = 0; time < 2; time++) await terminateWaiting();
    await release();
    expect(await update).toMatchObject({ status: 'fulfilled' });
    expect((await meetings.get(meeting.id)).title).toBe(`Round ${round}`);
  }
  await Promise.all(Array.from({ length: slots }, () => narrow.check()));
  await narrow.close();
});

/** Locks the meeting from outside; gives the function that lets go of it. */
async function holdMeeting(): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query('select 1 from convoke.meetings where id = $1 for update', [meeting.id]);
  return () => client.end();
}

async function settled(call: Promise<unknown>): Promise<PromiseSettledResult<unknown> | undefined> {
  const [outcome] = await Promise.allSettled([call]);
  return outcome;
}

/** Ends whichever session of the service waits for a lock. */
async function terminateWaiting(): Promise<void> {
  const waiting = `from pg_stat_activity where application_name = 'convoke' and wait_event_type = 'Lock'`;
  await expect.poll(() => cluster.query(`select pid ${waiting}`), { timeout: 10_000, interval: 5 }).toHaveLength(1);
  const [victim] = await cluster.query<{ pid: number }>(`select pid ${waiting}`);
  await cluster.query(`select pg_terminate_backend(${victim?.pid}, 5000)`);
}

test('a transaction that the server ends because it idles is done again', async () => {
  await cluster.query(`alter database app set idle_in_transaction_session_timeout = '100ms'`);
  let waits = 2;
  const slow = await openService(url, {
    limits: { ...limits, poolSize: 1 },
    // Asked in the middle of a transaction.
    rateLimiter: {
      async take() {
        if (waits-- > 0) await pause(400);
        return { allowed: true, retryAfterSeconds: 0 };
      },
    },
  });
  await slow.as({ userId: meeting.host }).participants.reportIssue(meeting.id, { kind: 'audio' });
  expect(waits).toBe(-1);
  const reported = `select 1 from convoke.meeting_events where stream_id = '${meeting.id}' and type = 'participant.issue-reported'`;
  expect(await cluster.query(reported, 'app')).toHaveLength(1);
  await slow.close();
  await cluster.query('alter database app reset idle_in_transaction_session_timeout');
});
