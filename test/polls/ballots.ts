/** Polls to vote in, one of each type, and people to vote. */
import type { MeetingService } from '../../src/meeting-service.ts';
import type { PollInput, PollView } from '../../src/polls/index.ts';

export const question = 'What do you think?';

export const single = { pollType: 'SingleChoice', question, options: ['red', 'green', 'blue'] } satisfies PollInput;
export const multiple = { pollType: 'MultipleChoice', question, options: ['a', 'b', 'c', 'd'] } satisfies PollInput;
export const yesNo = { pollType: 'YesNo', question } satisfies PollInput;
export const rating = { pollType: 'Rating', question } satisfies PollInput;
export const open = { pollType: 'OpenEnded', question } satisfies PollInput;

/** The poll room of one person. */
export function roomOf(service: MeetingService) {
  return (userId: string | undefined) => {
    if (userId === undefined) throw new Error('nobody is there');
    return service.as({ userId }).polls;
  };
}

/** Everybody names one option, in the order of the people. */
export async function cast(
  service: MeetingService,
  poll: Pick<PollView, 'id'>,
  people: readonly string[],
  choices: readonly number[],
): Promise<void> {
  for (const [index, choice] of choices.entries())
    await roomOf(service)(people[index]).vote(poll.id, { selectedOptions: [choice] });
}
