import { expect, test } from 'vitest';
import type { ClientMessage, FrameEvent } from '../../src/realtime/frame.ts';
import { epoch, event, meetingId, type Peer, stream, until, WebSocketStage } from './stage.ts';
import { clientOf } from './visitor.ts';

/** Numbers that look random and are the same every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server with a log that does what it should, on a network that does not. */
class Server {
  readonly stage: WebSocketStage;
  readonly random: () => number;
  /** What happened; of a hidden event its number alone. */
  readonly log: { readonly seq: number; readonly shown: FrameEvent | null }[] = [];
  /** How often each command was done. */
  readonly done = new Map<string, number>();
  readonly following = new Map<Peer, number>();
  resets = 0;

  constructor(stage: WebSocketStage, random: () => number) {
    this.stage = stage;
    this.random = random;
  }

  happens(command: string | null): number {
    const seq = this.log.length + 1;
    const prev = this.log.findLast(({ shown }) => shown !== null)?.seq ?? 0;
    const isHidden = command === null && this.random() < 0.3;
    this.log.push({ seq, shown: isHidden ? null : event(seq, { prev, data: { command } }) });
    return seq;
  }

  get shown(): number[] {
    return this.log.flatMap(({ seq, shown }) => (shown === null ? [] : [seq]));
  }

  /** Sends what a peer has not had, in one piece or several, some of it twice. */
  flush(peer: Peer): void {
    let had = this.following.get(peer);
    while (had !== undefined && had < this.log.length) {
      const from = had;
      const to = Math.min(this.log.length, from + 1 + Math.floor(this.random() * 4));
      const list = this.log.slice(from, to).flatMap(({ shown }) => shown ?? []);
      const frame = { stream, epoch, to } as const;
      const copies = this.random() < 0.2 ? 2 : 1;
      for (let copy = 0; copy < copies; copy++)
        peer.send(list.length === 0 ? { kind: 'cursor', ...frame } : { kind: 'events', ...frame, events: list });
      this.following.set(peer, (had = to));
    }
  }

  take(peer: Peer, message: ClientMessage): void {
    if (message.kind === 'subscribe') this.#subscribe(peer, message.after);
    if (message.kind !== 'command') return;
    const { id } = message;
    if (!this.done.has(id)) this.done.set(id, this.happens(id));
    if (this.random() < 0.4) return peer.cut(); // it was done, and nobody hears of it
    peer.send({ kind: 'done', id, result: null, seq: this.done.get(id) ?? null });
  }

  #subscribe(peer: Peer, after: string | undefined): void {
    const seq = Number(after?.split(':')[1] ?? this.log.length);
    if (after !== undefined && this.random() < 0.25) {
      this.resets++;
      return peer.send({ kind: 'reset', stream, epoch, seq: this.log.length, reason: 'too-far' });
    }
    peer.send({ kind: 'subscribed', stream, epoch, seq, resumed: after !== undefined });
    this.following.set(peer, seq);
    this.flush(peer);
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'through cuts, copies and resets, everything is had once and in order: %i',
  async (seed) => {
    await using stage = await WebSocketStage.open();
    const random = randomFrom(seed);
    const server = new Server(stage, random);
    const { client } = clientOf(stage);
    let state: number[] = [];
    let sinceState: number[] = [];
    const subscription = client.meeting(meetingId).subscribe({
      state: async () => {
        await new Promise((resolve) => setTimeout(resolve, random() * 3));
        if (random() < 0.2) throw new Error('not now');
        return server.shown;
      },
      onState(shown) {
        state = shown;
        sinceState = [];
      },
    });
    subscription.on('*', ({ seq }) => void sinceState.push(seq));

    const handled = new Map<Peer, number>();
    const serve = () => {
      for (const peer of stage.peers) {
        const from = handled.get(peer) ?? 0;
        handled.set(peer, peer.received.length);
        for (const message of peer.received.slice(from)) server.take(peer, message);
        server.flush(peer);
      }
    };
    let [asked, answered] = [0, 0];
    const raise = async () => {
      asked++;
      await client.command('participants.raiseHand', meetingId);
      answered++;
    };
    for (let step = 0; step < 120; step++) {
      const dice = random();
      if (dice < 0.5) server.happens(null);
      else if (dice < 0.6) void raise();
      else if (dice < 0.68) stage.peers.at(-1)?.cut();
      serve();
      if (dice > 0.4) await new Promise(setImmediate);
    }
    await until(() => {
      serve();
      expect(answered).toBe(asked);
      expect(subscription.cursor).toBe(`${epoch}:${server.log.length}`);
    });

    // Since the state was shown: each once, ascending; and with the state, all there is.
    expect(sinceState).toEqual([...new Set(sinceState)].toSorted((a, b) => a - b));
    expect([...new Set([...state, ...sinceState])].toSorted((a, b) => a - b)).toEqual(server.shown);
    expect(server.done.size).toBe(asked);
    expect(stage.peers.length).toBeGreaterThan(3);
  },
);
