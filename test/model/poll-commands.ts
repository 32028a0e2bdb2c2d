/** What people do with polls, as values: see commands.ts. */
import fc from 'fast-check';
import { newId } from '../../src/core/identifier.ts';
import type { Deed, Stage } from './commands.ts';
import { pollsOf, type PollTraits } from './poll-model.ts';

const wish = { pollType: 'SingleChoice', question: 'Which?', options: ['a', 'b', 'c'] } as const;

/** One of the last polls, or one that there is not. */
const which = fc.nat(2);
const pollAt = ({ polls }: Stage, back: number) => polls.at(-1 - back) ?? newId();

export function pollDeeds(person: fc.Arbitrary<number>, leader: fc.Arbitrary<number>): fc.Arbitrary<Deed> {
  const traits: fc.Arbitrary<PollTraits> = fc.record({ isAnonymous: fc.boolean(), allowChange: fc.boolean() });

  const create: fc.Arbitrary<Deed> = fc
    .tuple(leader, fc.boolean(), traits)
    .map(([by, draft, { isAnonymous, allowChange }]) => ({
      name: `${draft ? 'draft' : 'poll'}${isAnonymous ? ' without names' : ''}${allowChange ? '' : ' for good'} by ${by}`,
      model: (model) => pollsOf(model).create(by, draft, { isAnonymous, allowChange }),
      real: async ({ as, id, polls }) => {
        polls.push((await as(by).polls.create(id, { ...wish, draft, isAnonymous, allowChange })).id);
      },
    }));

  const write: fc.Arbitrary<Deed> = fc.constant({
    name: 'a poll from elsewhere',
    model: (model) => pollsOf(model).write(0),
    real: (stage) => stage.writePoll(),
  });

  const over = (name: 'open' | 'close'): fc.Arbitrary<Deed> =>
    fc.tuple(leader, which).map(([by, back]) => ({
      name: `${name} poll ${back} by ${by}`,
      model: (model) => pollsOf(model)[name](by, back),
      real: (stage) => stage.as(by).polls[name](pollAt(stage, back)),
    }));

  const vote: fc.Arbitrary<Deed> = fc.tuple(person, which, fc.nat(3)).map(([by, back, option]) => ({
    name: `${by} votes ${option} in poll ${back}`,
    model: (model) => pollsOf(model).vote(by, back, option),
    real: (stage) => stage.as(by).polls.vote(pollAt(stage, back), { selectedOptions: [option] }),
  }));

  const retract: fc.Arbitrary<Deed> = fc.tuple(person, which).map(([by, back]) => ({
    name: `${by} takes back the vote in poll ${back}`,
    model: (model) => pollsOf(model).retract(by, back),
    real: (stage) => stage.as(by).polls.retract(pollAt(stage, back)),
  }));

  return fc.oneof(
    { weight: 3, arbitrary: create },
    { weight: 1, arbitrary: write },
    { weight: 1, arbitrary: over('open') },
    { weight: 2, arbitrary: over('close') },
    { weight: 8, arbitrary: vote },
    { weight: 2, arbitrary: retract },
  );
}
