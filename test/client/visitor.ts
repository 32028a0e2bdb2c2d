/** A client as a page has it, and what it tells of itself. */
import { afterEach } from 'vitest';
import { type Client, connect, type ConnectionStatus, type ConnectOptions } from '../../src/client/index.ts';
import { meetingId } from './stage.ts';

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** A client of a stage: nobody waits, and what goes wrong is seen. It is closed after the test. */
export function clientOf(stage: { readonly url: string }, options: Partial<ConnectOptions> = {}) {
  const statuses: ConnectionStatus[] = [];
  const errors: unknown[] = [];
  const client = connect({
    ...{ url: stage.url, transports: ['websocket'], random: () => 0 },
    onStatus: (status) => void statuses.push(status),
    onError: (error) => void errors.push(error),
    ...options,
  });
  clients.push(client);
  return { client, statuses, errors };
}

/** A subscription and the numbers of the events it has told. */
export function follow(client: Client, options: Parameters<ReturnType<Client['meeting']>['subscribe']>[0] = {}) {
  const subscription = client.meeting(meetingId).subscribe(options);
  const heard: number[] = [];
  subscription.on('*', ({ seq }) => void heard.push(seq));
  return { subscription, heard };
}

export async function everyOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
