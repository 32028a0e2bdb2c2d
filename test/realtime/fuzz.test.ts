/** Three processes, thirty followers, and everything that may go wrong with hints, readers and processes: all end up with the same list. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { Cursor } from '../../src/realtime/cursor.ts';
import type { FrameEvent } from '../../src/realtime/frame.ts';
import { execute } from '../setup/postgres.ts';
import { FaultyBus, random } from './bus.ts';
import { Ear, eventually, type Node, openNode, test } from './nodes.ts';

const settings = { headCheckMs: 100, highWaterBytes: 2_048, lowWaterBytes: 256, maxLagMs: 700 };
const chaosMs = 5_000;

/** Somebody with a device that loses its connection and finds another process. */
class Client {
  readonly userId: string;
  readonly got: FrameEvent[] = [];
  resets = 0;
  ear: Ear | null = null;
  #isConnecting = false;
  #cursor: Cursor | null = null;
  readonly #meetingId: string;

  constructor(userId: string, meetingId: string, from: Cursor) {
    this.userId = userId;
    this.#meetingId = meetingId;
    this.#cursor = from;
  }

  get isGone(): boolean {
    return this.ear === null || this.ear.endings.length > 0 || this.ear.subscription?.over === true;
  }

  async connect(node: Node): Promise<void> {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    this.disconnect();
    const ear = new Ear();
    try {
      await node.follow(this.userId, this.#meetingId, this.#cursor, ear);
      this.ear = ear;
    } catch {
      // The process is just going down.
      this.#keep(ear);
    } finally {
      this.#isConnecting = false;
    }
  }

  /** What was sent has arrived; what comes after goes nowhere. */
  disconnect(): void {
    this.ear?.stop();
    if (this.ear !== null) this.#keep(this.ear);
    this.ear = null;
  }

  #keep(ear: Ear): void {
    this.got.push(...ear.events);
    this.resets += ear.of('reset').length;
    if (ear.frames.length > 0 && this.resets === 0) this.#cursor = ear.cursor;
  }
}

test('everybody ends up with exactly what they may see, in the order in which it happened', async ({
  url,
  clock,
  running,
}) => {
  const seed = Date.now() % 100_000;
  const chance = random(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(chance() * items.length)]!;
  const bus = new FaultyBus(seed);
  const { id, host, participants } = await running({ participants: 9 });
  const people = [host, ...participants];
  const open = () => openNode(url, { bus, clock, settings });
  const nodes = [await open(), await open(), await openNode(url, { bus, clock, settings, isMute: true })];
  const { cursor: from } = await nodes[0]!.follow(host, id);
  const clients = Array.from({ length: 30 }, (_, index) => new Client(people[index % 10]!, id, from));
  await Promise.all(clients.map((client, index) => client.connect(nodes[index % 3]!)));

  const over = new AbortController();
  const write = async () => {
    while (!over.signal.aborted) {
      const { chat, participants: roster } = pick(nodes).as(pick(participants));
      const other = pick(people);
      const content = `${newId()} ${'x'.repeat(Math.floor(chance() * 300))}`;
      const kind = chance();
      const done =
        kind < 0.7
          ? chat.send(id, { content })
          : kind < 0.9
            ? chat.send(id, { content, recipientId: other })
            : roster.reportIssue(id, { kind: 'audio' });
      await done.catch(() => {}); // a message to oneself, a process that goes down
      await sleep(chance() * 10);
    }
  };
  const trouble = async () => {
    while (!over.signal.aborted) {
      await sleep(5 + chance() * 30);
      const client = pick(clients);
      const kind = chance();
      if (kind < 0.3) client.ear?.stall();
      else if (kind < 0.6) client.ear?.release();
      else if (kind < 0.9 || client.isGone) await client.connect(pick(nodes));
      else
        bus.faults = pick([
          { lost: 1, doubled: 0, lateByMs: 0 },
          { lost: 0.3, doubled: 0.15, lateByMs: 40 },
        ]);
    }
  };
  const crashes = async () => {
    for (const index of [0, 1]) {
      await sleep(chaosMs / 3);
      const dying = nodes[index]!;
      nodes[index] = await open();
      await dying.close(0);
    }
  };
  const busy = [write(), write(), write(), trouble(), trouble(), trouble(), crashes()];
  await sleep(chaosMs);
  over.abort();
  await Promise.all(busy);
  for (const client of clients) {
    client.ear?.release();
    if (client.isGone) await client.connect(pick(nodes));
  }
  // At the end all is lost that could tell of it: whoever is connected has to hear of it all the same.
  bus.faults = { lost: 1, doubled: 0, lateByMs: 0 };
  for (const userId of people) await nodes[2]!.as(userId).chat.send(id, { content: 'at last' });

  const log = await execute<{ seq: number; id: string; audience: string; audience_users: string[] | null }>(
    url,
    `select seq::int, id, audience, audience_users from convoke.meeting_events
     where stream_id = '${id}' and seq > ${from.seq} order by seq`,
  );
  expect(log.length).toBeGreaterThan(100);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => from.seq + 1 + index));
  for (const [index, client] of clients.entries()) {
    const { userId } = client;
    const expected = log.filter(
      ({ audience, audience_users: users }) =>
        audience === 'all' || (audience === 'hosts' ? userId === host : users?.includes(userId)),
    );
    const got = () => [...client.got, ...(client.ear?.events ?? [])].map(({ seq, id: eventId }) => `${seq} ${eventId}`);
    await eventually(() =>
      expect(got(), `client ${index}, seed ${seed}`).toEqual(expected.map((row) => `${row.seq} ${row.id}`)),
    );
    expect(client.resets).toBe(0);
  }
  for (const node of nodes) await node.close();
}, 40_000);
