/** What the command line says. */
import { parseArgs } from 'node:util';
import { names } from './contenders.ts';

export interface BenchOptions {
  readonly quick: boolean;
  /** Meetings in the background. */
  readonly meetings: number;
  readonly chatLength: number;
  readonly rounds: number;
  readonly crowdRounds: number;
  readonly crowds: readonly number[];
  readonly crowdSize: number;
  /** Names of operations; null is all. */
  readonly only: readonly string[] | null;
  readonly implementations: readonly string[];
  readonly keep: string | null;
  readonly url: string | null;
  readonly checks: boolean;
  readonly save: boolean;
  readonly output: string | null;
  readonly assert: boolean;
}

export const usage = `npm run bench -- [options]

  --quick            50 thousand meetings instead of a million, fewer rounds
  --only=a,b         only these operations (sendChat, vote, join, leave, rsvp, heartbeat, raiseHand, setMedia,
                     listUpcoming, history, tally, analytics, invite); join and leave come together
  --impl=a,b         only these implementations besides the limit: ${names.slice(1).join(', ')}
  --rounds=N         rounds with one client (quick 5, full 40)
  --crowd-rounds=N   rounds with many clients (quick 1, full 6; 0 leaves them out)
  --clients=8,32     how many clients at once
  --meetings=N       meetings in the background
  --keep=DIR         keep the server's data in DIR, and use it again
  --url=postgres://… a server that is there already, instead of one of the benchmark's own; a database convoke_bench is made in it
  --[no-]checks      check first that everybody does the same; without --quick that is the default
  --no-save          only print
  --output=DIR       where to save (default docs/benchmarks; only full choices of operations and implementations are
                     saved there without this option)
  --assert           fail where the SDK misses what it is held to: only on a machine that does nothing else
  --help`;

/** @returns null when help is wanted */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      impl: { type: 'string' },
      rounds: { type: 'string' },
      'crowd-rounds': { type: 'string' },
      clients: { type: 'string', default: '8,32' },
      meetings: { type: 'string' },
      keep: { type: 'string' },
      url: { type: 'string' },
      checks: { type: 'boolean' },
      save: { type: 'boolean', default: true },
      output: { type: 'string' },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { quick } = values;
  const implementations = list(values.impl) ?? names;
  for (const name of implementations)
    if (!names.includes(name)) throw new Error(`--impl: no ${name}; there are ${names.join(', ')}`);
  return {
    quick,
    meetings: number(values.meetings, quick ? 50_000 : 1_000_000),
    chatLength: quick ? 50_000 : 1_000_000,
    rounds: number(values.rounds, quick ? 5 : 40),
    crowdRounds: number(values['crowd-rounds'], quick ? 1 : 6),
    crowds: (list(values.clients) ?? []).map(Number),
    crowdSize: quick ? 64 : 160,
    only: list(values.only),
    implementations,
    keep: values.keep ?? null,
    url: values.url ?? null,
    checks: values.checks ?? !quick,
    save: values.save,
    output: values.output ?? null,
    assert: values.assert,
  };
}

function list(text: string | undefined): string[] | null {
  return text === undefined ? null : text.split(',').filter((part) => part !== '');
}

function number(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is no number of anything`);
  return value;
}
