import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type Implementation, poolSize } from '../../operations.ts';
import { peersDoNot } from '../rules.ts';
import { analytics } from './analytics.ts';
import { invite, rsvp } from './people.ts';
import { heartbeat, join, leave, raiseHand, setMedia } from './presence.ts';
import { history, listUpcoming, sendChat, tally, vote } from './rooms.ts';
import type { Database } from './schema.ts';

export const implementation: Implementation = {
  name: 'kysely',
  label: 'Kysely',
  doesNot: [...peersDoNot],
  open(url) {
    const pool = new pg.Pool({
      connectionString: url,
      max: poolSize,
      idleTimeoutMillis: 0,
      options: '-c search_path=convoke',
    });
    const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
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
      [Symbol.asyncDispose]: () => db.destroy(),
    });
  },
};
