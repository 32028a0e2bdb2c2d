import { PrismaPg } from '@prisma/adapter-pg';
import { type Implementation, poolSize } from '../../operations.ts';
import { peersDoNot } from '../rules.ts';
import { analytics } from './analytics.ts';
import { PrismaClient } from './generated/client.ts';
import { invite, rsvp } from './people.ts';
import { heartbeat, join, leave, raiseHand, setMedia } from './presence.ts';
import { history, listUpcoming, sendChat, tally, vote } from './rooms.ts';

export const implementation: Implementation = {
  name: 'prisma',
  label: 'Prisma',
  doesNot: [...peersDoNot],
  open(url) {
    const adapter = new PrismaPg({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 }, { schema: 'convoke' });
    // Thirty-two callers wait for ten connections, which must not count as a failure here.
    const db = new PrismaClient({ adapter, transactionOptions: { maxWait: 60_000, timeout: 60_000 } });
    return Promise.resolve({
      operations: {
        sendChat: (input) => sendChat(db, input),
        vote: (input) => vote(db, input),
        join: (input) => join(db, input),
        leave: (input) => leave(db, input),
        rsvp: (input) => rsvp(db, input),
        heartbeat: (input) => heartbeat(db, input),
        raiseHand: (input) => raiseHand(db, input),
        setMedia: (input) => setMedia(db, input),
        listUpcoming: (input) => listUpcoming(db, input),
        history: (input) => history(db, input),
        tally: (input) => tally(db, input),
        analytics: (input) => analytics(db, input),
        invite: (input) => invite(db, input),
      },
      [Symbol.asyncDispose]: () => db.$disconnect(),
    });
  },
};
