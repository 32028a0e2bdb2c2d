import { MikroORM } from '@mikro-orm/postgresql';
import { meetingEntities } from '../../../src/entities.ts';
import { type Implementation, poolSize } from '../../operations.ts';
import { peersDoNot } from '../rules.ts';
import { analytics } from './analytics.ts';
import { invite, rsvp } from './people.ts';
import { heartbeat, join, leave, raiseHand, setMedia } from './presence.ts';
import { history, listUpcoming, sendChat, tally, vote } from './rooms.ts';

export const implementation: Implementation = {
  name: 'mikro-orm',
  label: 'MikroORM, unit of work',
  doesNot: [...peersDoNot, 'leave the version of a meeting alone when only its counter changes'],
  async open(url) {
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [...meetingEntities],
      schema: 'convoke',
      contextName: 'bench',
      ensureDatabase: false,
      driverOptions: { max: poolSize, idleTimeoutMillis: 0 },
    });
    // A fork for each request, as the documentation asks.
    const em = () => orm.em.fork();
    return {
      operations: {
        sendChat: (input) => sendChat(em(), input),
        vote: (input) => vote(em(), input),
        join: (input) => join(em(), input),
        leave: (input) => leave(em(), input),
        rsvp: (input) => rsvp(em(), input),
        heartbeat: (input) => heartbeat(em(), input),
        raiseHand: (input) => raiseHand(em(), input),
        setMedia: (input) => setMedia(em(), input),
        listUpcoming: (input) => listUpcoming(em(), input),
        history: (input) => history(em(), input),
        tally: (input) => tally(em(), input),
        analytics: (input) => analytics(em(), input),
        invite: (input) => invite(em(), input),
      },
      [Symbol.asyncDispose]: () => orm.close(true),
    };
  },
};
