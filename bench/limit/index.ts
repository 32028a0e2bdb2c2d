import type { Contender, Implementation } from '../operations.ts';
import { analytics } from './analytics.ts';
import { history, sendChat } from './chat.ts';
import { LimitClient } from './client.ts';
import { invite, rsvp } from './invitations.ts';
import { listUpcoming } from './lists.ts';
import { tally, vote } from './polls.ts';
import { heartbeat, join, leave } from './presence.ts';
import { raiseHand, setMedia } from './voice.ts';

export const limit: Implementation = {
  name: 'limit',
  label: 'SQL by hand on pg (the limit)',
  doesNot: [
    'check its input, take idempotency keys or work inside the host’s transaction',
    'deliver the events it has stored',
    'compare meeting passwords, keep waitlists, or word its refusals',
    'send private messages, replies, links or files; take votes in other polls than named single choices',
  ],
  open(url): Promise<Contender> {
    const client = new LimitClient(url);
    return Promise.resolve({
      operations: {
        sendChat: (input) => sendChat(client, input),
        vote: (input) => vote(client, input),
        join: (input) => join(client, input),
        leave: (input) => leave(client, input),
        rsvp: (input) => rsvp(client, input),
        heartbeat: (input) => heartbeat(client, input),
        raiseHand: (input) => raiseHand(client, input),
        setMedia: (input) => setMedia(client, input),
        listUpcoming: (input) => listUpcoming(client, input),
        history: (input) => history(client, input),
        tally: (input) => tally(client, input),
        analytics: (input) => analytics(client, input),
        invite: (input) => invite(client, input),
      },
      [Symbol.asyncDispose]: () => client.pool.end(),
    });
  },
};
