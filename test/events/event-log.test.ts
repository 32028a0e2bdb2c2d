import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { systemPrincipal } from '../../src/core/actor.ts';
import { type Audience, meetingStream, type StreamEvent, type StreamRef, userStream } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { append } from '../../src/events/index.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { test as base } from '../setup/db.ts';
import { draft, type Log, openLog, type StoredEvent, storedEvents, storedHead } from './log.ts';

const test = base.extend<{ log: Log }>({
  log: [
    async ({ url }, use) => {
      await using log = await openLog(url, { writers: 32 });
      await use(log);
    },
    { scope: 'file' },
  ],
});

const lanes = ['all', 'hosts', 'users'] as const;

function audience(lane: (typeof lanes)[number]): Audience {
  return lane === 'users' ? { users: [newId(), newId()] } : lane;
}

function numbered(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}

/** What `prev` of each event has to be, told from the stored order alone. */
function chained(events: readonly StoredEvent[]): number[] {
  const last = { all: 0, hosts: 0 };
  return events.map(({ audience: lane, seq }) => {
    if (lane === 'users') return 0;
    const before = last[lane];
    last[lane] = seq;
    return before;
  });
}

/** Sequence of the last event of a lane, and what it said came before. */
function ends(events: readonly StoredEvent[], lane: 'all' | 'hosts'): number {
  return events.findLast((event) => event.audience === lane)?.seq ?? 0;
}

async function expectSoundStream(url: string, stream: StreamRef, count: number): Promise<void> {
  const events = await storedEvents(url, stream);
  expect(events.map(({ seq }) => seq)).toEqual(numbered(count));
  expect(events.map(({ prev }) => prev)).toEqual(chained(events));
  const head = await storedHead(url, stream);
  expect(head).toMatchObject({ seq: count, public_seq: ends(events, 'all'), hosts_seq: ends(events, 'hosts') });
}

describe('many writers of one stream', () => {
  test('leave no gap and no repeat, and every lane is a chain', { timeout: 60_000 }, async ({ url, log }) => {
    const stream = meetingStream(newId());
    const attempts = log.attempts;
    const writers = Array.from({ length: 32 }, async (_, writer) => {
      for (let round = 0; round < 4; round++) {
        const size = 1 + ((writer + round) % 3);
        const batch = Array.from({ length: size }, (_none, at) => draft(stream, audience(lanes[(writer + at) % 3]!)));
        const announced = await log.write(batch);
        // What one transaction writes stands together, in the order in which it was put down.
        expect(announced.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
        const first = announced[0]!.seq;
        expect(announced.map(({ seq }) => seq)).toEqual(batch.map((_event, at) => first + at));
      }
    });
    await Promise.all(writers);
    const events = await storedEvents(url, stream);
    await expectSoundStream(url, stream, events.length);
    expect(events).toHaveLength(log.delivered.filter((event) => event.stream.id === stream.id).length);
    expect(log.attempts - attempts, 'nothing had to be repeated').toBe(32 * 4);
  });

  test('are announced each once', async ({ log }) => {
    const stream = meetingStream(newId());
    await Promise.all(Array.from({ length: 200 }, () => log.write([draft(stream)])));
    const announced = log.delivered.filter((event) => event.stream.id === stream.id).map(({ seq }) => seq);
    expect(announced.toSorted((a, b) => a - b)).toEqual(numbered(200));
  });

  test('whose transaction fails leave no gap', async ({ url, log }) => {
    const stream = meetingStream(newId());
    const call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };
    const broken = new Error('changed my mind');
    await Promise.all(
      Array.from({ length: 24 }, async (_, writer) => {
        if (writer % 3 !== 0) return log.write([draft(stream), draft(stream, 'hosts')]);
        const failing = log.unitOfWork.run(call, async (work) => {
          await append(work, [draft(stream), draft(stream)], null);
          throw broken;
        });
        await expect(failing).rejects.toMatchObject({ code: 'INTERNAL', cause: broken });
        return [];
      }),
    );
    await expectSoundStream(url, stream, 32);
  });
});

test('every lane is a chain, whatever the batches', async ({ url, log }) => {
  const batch = fc.array(fc.constantFrom(...lanes), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
      const stream = meetingStream(newId());
      const announced: StreamEvent[] = [];
      for (const members of batches)
        announced.push(...(await log.write(members.map((lane) => draft(stream, audience(lane))))));
      const stored = await storedEvents(url, stream);
      expect(announced.map(({ prev }) => prev)).toEqual(stored.map(({ prev }) => prev));
      await expectSoundStream(url, stream, batches.flat().length);
      // The head remembers what each lane ended with before the last batch, for that batch to go on from.
      const before = stored.slice(0, -batches.at(-1)!.length);
      const formerEnds = { public_prev: ends(before, 'all'), hosts_prev: ends(before, 'hosts') };
      expect(await storedHead(url, stream)).toMatchObject(formerEnds);
    }),
    { numRuns: 40 },
  );
});

describe('streams', () => {
  test('are numbered each for itself, in one batch too', async ({ url, log }) => {
    const [meeting, ada, bob] = [meetingStream(newId()), userStream(newId()), userStream(newId())];
    const announced = await log.write([draft(meeting), draft(ada), draft(bob), draft(meeting, 'hosts'), draft(ada)]);
    const numbers = (stream: StreamRef) =>
      announced.filter((event) => event.stream.id === stream.id).map(({ seq }) => seq);
    expect([meeting, ada, bob].map(numbers)).toEqual([[1, 2], [1, 2], [1]]);
    await expectSoundStream(url, meeting, 2);
  });

  test("of a person are one lane: each event follows the one before it, and is that person's to see", async ({
    url,
    log,
  }) => {
    const stream = userStream(newId());
    await log.write([draft(stream), draft(stream)]);
    const announced = await log.write([draft(stream)]);
    expect((await storedEvents(url, stream)).map(({ seq, prev }) => [seq, prev])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    expect(announced).toMatchObject([{ stream, seq: 3, prev: 2, audience: { users: [stream.id] } }]);
  });

  test('of a meeting and of a person may bear the same id', async ({ log }) => {
    const id = newId();
    const announced = await log.write([draft(meetingStream(id)), draft(userStream(id)), draft(meetingStream(id))]);
    expect(announced.map(({ stream, seq }) => [stream.kind, seq])).toEqual([
      ['meeting', 1],
      ['meeting', 2],
      ['user', 1],
    ]);
    expect(new Set(announced.map(({ epoch }) => epoch)).size).toBe(2);
  });

  test('keep their epoch', async ({ url, log }) => {
    const stream = meetingStream(newId());
    const [first] = await log.write([draft(stream)]);
    const [second] = await log.write([draft(stream)]);
    expect(second?.epoch).toBe(first?.epoch);
    expect((await storedHead(url, stream))?.epoch).toBe(first?.epoch);
  });

  test(
    'written in opposite orders, and more or less of each, never lock each other out',
    { timeout: 60_000 },
    async ({ url, log }) => {
      const streams = Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? meetingStream : userStream)(newId()));
      const attempts = log.attempts;
      await Promise.all(
        Array.from({ length: 64 }, (_, writer) => {
          const inOrder = writer % 2 === 0 ? streams : streams.toReversed();
          return log.write([...inOrder, ...inOrder.slice(0, 6)].map((stream) => draft(stream)));
        }),
      );
      expect(log.attempts - attempts, 'a deadlock is repeated').toBe(64);
      for (const stream of streams)
        expect((await storedEvents(url, stream)).map(({ seq }) => seq)).toEqual(numbered(96));
    },
  );
});

describe('an event', () => {
  test('comes back as it was put down, and frozen', async ({ log }) => {
    const stream = meetingStream(newId());
    const users = [newId(), newId()];
    const data = { text: `'); drop table x; -- $1 \\ "quoted" 漢字 🎉`, nested: { list: [1, null, true] } };
    const given = draft(stream, { users }, { actorId: newId(), type: 'participant.joined', data });
    const [told] = await log.write([given]);
    expect(told).toEqual({
      ...given,
      ...{ audience: { users }, seq: 1, prev: 0, epoch: expect.any(String), time: expect.any(String) },
    });
    expect(Object.isFrozen(told) && Object.isFrozen(told?.data) && Object.isFrozen(told?.audience)).toBe(true);
  });

  test("has the time of the service's clock, to the millisecond", async ({ url }) => {
    await using log = await openLog(url, { clock: fakeClock('2026-03-02T09:00:00.123Z') });
    const stream = meetingStream(newId());
    const [told] = await log.write([draft(stream)]);
    expect(told?.time).toBe('2026-03-02T09:00:00.123Z');
    expect((await storedEvents(url, stream))[0]?.at).toBe('2026-03-02T09:00:00.123000');
  });

  test("has the database's time where there is no clock, and all of a batch have the same", async ({ url, log }) => {
    const stream = meetingStream(newId());
    const before = Date.now();
    await log.write([draft(stream), draft(stream)]);
    const [one, other] = await storedEvents(url, stream);
    expect(Math.abs(Date.parse(`${one!.at.slice(0, 23)}Z`) - before)).toBeLessThan(60_000);
    expect(one!.at).toMatch(/\.\d{3}000$/);
    expect(other!.at).toBe(one!.at);
  });

  test('that is nothing costs nothing', async ({ url, log }) => {
    const stream = meetingStream(newId());
    expect(await log.write([])).toEqual([]);
    expect(await storedHead(url, stream)).toBeUndefined();
  });
});
