/** The SDK as a host uses it, on connections of its own and on those of a host's MikroORM. */
import { MikroORM } from '@mikro-orm/postgresql';
import { MeetingService, resilientPool } from '../../src/index.ts';
import { type Contender, type Implementation, type Operations, poolSize } from '../operations.ts';

export const sdk: Implementation = {
  name: 'sdk',
  label: 'this SDK',
  doesNot: [],
  async open(url) {
    const service = await MeetingService.open({ database: { url }, migrate: false, limits: { poolSize } });
    return contender(service, () => Promise.resolve());
  },
};

export const adopted: Implementation = {
  name: 'adopted',
  label: 'this SDK on a host’s MikroORM',
  doesNot: ['prepare its statements on the server: the host has not asked for it'],
  open: (url) => onHost(url, false),
};

export const adoptedPrepared: Implementation = {
  name: 'adopted-prepared',
  label: 'the same, prepared',
  doesNot: [],
  open: (url) => onHost(url, true),
};

async function onHost(url: string, preparedStatements: boolean): Promise<Contender> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    driverOptions: { max: poolSize, idleTimeoutMillis: 0, onPoolCreated: resilientPool },
  });
  const service = await MeetingService.open({ database: { orm, preparedStatements }, migrate: false });
  return contender(service, () => orm.close(true));
}

function contender(service: MeetingService, close: () => Promise<void>): Contender {
  const as = (userId: string) => service.as({ userId });
  const operations: Operations = {
    sendChat: ({ meetingId, userId, content }) => as(userId).chat.send(meetingId, { content }),
    vote: ({ pollId, userId, choice }) => as(userId).polls.vote(pollId, { selectedOptions: [choice] }),
    join: ({ meetingId, userId }) => as(userId).participants.join(meetingId),
    leave: ({ meetingId, userId }) => as(userId).participants.leave(meetingId),
    rsvp: ({ meetingId, userId, response }) => as(userId).invitations.respond(meetingId, { response }),
    heartbeat: ({ meetingId, userId }) => as(userId).participants.heartbeat(meetingId),
    raiseHand: ({ meetingId, userId }) => as(userId).participants.raiseHand(meetingId),
    setMedia: ({ meetingId, userId }) => as(userId).participants.setMedia(meetingId, { microphone: true }),
    listUpcoming: ({ userId }) => as(userId).meetings.list({ upcoming: true }),
    history: ({ meetingId, userId }) => as(userId).chat.history(meetingId),
    tally: ({ pollId, userId }) => as(userId).polls.results(pollId),
    analytics: ({ meetingId, userId }) => as(userId).engagement.recompute(meetingId),
    invite: ({ meetingId, userId, inviteeIds }) => as(userId).invitations.invite(meetingId, { inviteeIds }),
  };
  return {
    operations,
    async [Symbol.asyncDispose]() {
      await service.close();
      await close();
    },
  };
}
