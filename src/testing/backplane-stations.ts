import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Backplane, BackplaneListener, Hint } from '../backplanes/backplane.ts';
import { newId } from '../core/identifier.ts';

/** Milliseconds that something which has to happen may take. Generous: what fails is what never comes. */
const patienceMs = 15_000;

/** @throws Error saying what did not happen */
export async function eventually(what: string, happened: () => boolean): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !happened(); await pause(2))
    if (Date.now() > deadline) throw new Error(`In ${patienceMs} ms it did not come true that ${what}.`);
}

/** Remembers what it was told. */
export class Ear {
  readonly hints: Hint[] = [];
  gaps = 0;
  readonly listener: BackplaneListener = {
    hint: (hint) => void this.hints.push(hint),
    gap: () => void this.gaps++,
  };

  /** Of a wake that or a later one: the later says the earlier too. */
  heard(wanted: Hint): boolean {
    return this.hints.some(
      (hint) =>
        isDeepStrictEqual(hint, wanted) ||
        (hint.kind === 'wake' &&
          wanted.kind === 'wake' &&
          isDeepStrictEqual(hint.stream, wanted.stream) &&
          hint.seq >= wanted.seq),
    );
  }

  hears(hint: Hint): Promise<void> {
    return eventually(`${hint.kind} of ${hint.stream.id} arrives`, () => this.heard(hint));
  }
}

/** A backplane as a service has it. */
export class Station extends Ear {
  readonly backplane: Backplane;

  constructor(backplane: Backplane) {
    super();
    this.backplane = backplane;
  }
}

/** Those that take part in one case. */
export class Stations {
  readonly #create: () => Backplane;
  readonly #all: Station[] = [];

  constructor(create: () => Backplane) {
    this.#create = create;
  }

  /** What all of them have dropped. One object may be several of them. */
  get dropped(): number {
    const backplanes = new Set(this.#all.map(({ backplane }) => backplane));
    return [...backplanes].reduce((total, backplane) => total + backplane.health().dropped, 0);
  }

  /** Another one, started and connected. */
  async add(): Promise<Station> {
    const station = await this.addAway();
    await eventually('it is connected', () => station.backplane.health().connected);
    return station;
  }

  /** Another one, started, connected or not. */
  async addAway(): Promise<Station> {
    const station = new Station(this.#create());
    this.#all.push(station);
    await station.backplane.start(station.listener);
    return station;
  }

  /** Waits until all say that they are connected, or that they are not. */
  becomes(connected: boolean): Promise<void> {
    return eventually(`all are ${connected ? '' : 'dis'}connected`, () =>
      this.#all.every(({ backplane }) => backplane.health().connected === connected),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(({ backplane }) => backplane.stop()));
  }
}

export function wake(seq: number, id: string = newId()): Hint {
  return { kind: 'wake', stream: { kind: 'meeting', id }, seq };
}

export function signal(data: unknown): Hint {
  const stream = { kind: 'meeting', id: newId() } as const;
  return { kind: 'signal', stream, from: newId(), type: 'poking', data, audience: 'all' };
}

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const passing = `"kind":"signal","stream":{"kind":"meeting","id":"${id}"},"from":"${id}","type":"poking","audience":"all"`;

/** Each is one thing to be counted. */
export const nonsense: readonly string[] = [
  '',
  'hello',
  'null',
  '[]',
  '{"version":1}',
  `{"version":2,"node":"${id}","hints":[]}`,
  `{"version":1,"node":"nobody","hints":[]}`,
  `{"version":1,"node":"${id}","hints":[null]}`,
  `{"version":1,"node":"${id}","hints":[{"kind":"wake","stream":{"kind":"meeting","id":"${id}"},"seq":-1}]}`,
  `{"version":1,"node":"${id}","hints":[{"kind":"wake","stream":{"kind":"planet","id":"${id}"},"seq":1}]}`,
  `{"version":1,"node":"${id}","hints":[{"kind":"shutdown"}]}`,
  `{"version":1,"node":"${id}","hints":[{${passing}}]}`,
  `{"version":1,"node":"${id}","hints":[{${passing},"data":{"__proto__":{"admin":true}}}]}`,
  `{"version":1,"node":"${id}","hints":[{${passing},"data":${'['.repeat(500)}${']'.repeat(500)}}]}`,
];
