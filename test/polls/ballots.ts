/** Polls to vote in, one of each type, and people to vote. */
import { Client } from 'pg';
import type { PlainClient } from '../../src/database/plain-client.ts';
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

/** The texts of all statements that calls over this client need; the transaction is open, and rolled back in the end. */
export async function watchedClient(
  url: string,
): Promise<PlainClient & AsyncDisposable & { readonly texts: string[] }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  const texts: string[] = [];
  return {
    texts,
    query: (text, values) => {
      texts.push(text);
      return client.query<Record<string, unknown>>(text, values);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
