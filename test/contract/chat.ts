import type { MeetingService } from '../../src/meeting-service.ts';
import type { FixtureActor } from '../core/permissions-fixture.ts';
import type { Question, Stage } from './questions.ts';

/** What was said on a stage. In a meeting that has not run only the system could speak, so all of these are its notice. */
export interface StageChat {
  /** What the system said, for everybody. */
  readonly notice: string;
  readonly byHost: string;
  readonly byParticipant: string;
  /** From the Presenter to the Participant. */
  readonly secret: string;
}

export async function buildChat(
  service: MeetingService,
  meetingId: string,
  people: Stage['people'],
  hasRun: boolean,
): Promise<StageChat> {
  const { id: notice } = await service.asSystem().chat.sendSystem(meetingId, { content: 'Welcome.' });
  if (!hasRun) return { notice, byHost: notice, byParticipant: notice, secret: notice };
  const send = async (actor: FixtureActor, recipientId?: string) => {
    const { chat } = service.as({ userId: people[actor] });
    return (await chat.send(meetingId, { content: 'Hello', ...(recipientId !== undefined && { recipientId }) })).id;
  };
  const [byHost, byParticipant] = [await send('Host'), await send('Participant')];
  return { notice, byHost, byParticipant, secret: await send('Presenter', people.Participant) };
}

/** Whether somebody's message is theirs: the system's notice is nobody's. */
const by =
  (author: FixtureActor, message: keyof StageChat) =>
  (actor: FixtureActor, { chat }: Stage) => ({ own: actor === author && chat[message] !== chat.notice });

const hidden = (actor: FixtureActor, { chat }: Stage) =>
  chat.secret !== chat.notice && actor !== 'Presenter' ? ['publicOrOwnMessage'] : [];

export const chatQuestions: readonly Question[] = [
  { method: 'chat.send', op: 'chat.send', ask: (rooms, { id }) => rooms.chat.send(id, { content: 'Hello' }) },
  {
    method: 'chat.send',
    op: 'chat.sendPrivate',
    ask: (rooms, { id, people }) => rooms.chat.send(id, { content: 'Hello', recipientId: people.CoHost }),
    world: () => ({ setting: 'all', target: 'CoHost' }),
    business: (actor) => (actor === 'CoHost' ? ['CONFLICT'] : []), // nobody writes to themselves
  },
  {
    method: 'chat.sendSystem',
    op: 'chat.sendSystem',
    ask: (rooms, { id }) => rooms.chat.sendSystem(id, { content: 'Hello' }),
  },
  {
    method: 'chat.edit',
    op: 'chat.edit',
    ask: (rooms, { chat }) => rooms.chat.edit(chat.byHost, { content: 'Hello again' }),
    world: by('Host', 'byHost'),
  },
  {
    method: 'chat.edit',
    op: 'chat.edit',
    ask: (rooms, { chat }) => rooms.chat.edit(chat.byParticipant, { content: 'Hello again' }),
    world: by('Participant', 'byParticipant'),
  },
  {
    method: 'chat.delete',
    op: 'chat.delete',
    ask: (rooms, { chat }) => rooms.chat.delete(chat.byParticipant),
    world: by('Participant', 'byParticipant'),
  },
  {
    method: 'chat.delete',
    op: 'chat.delete',
    ask: (rooms, { chat }) => rooms.chat.delete(chat.secret),
    world: (actor, stage) => ({ ...by('Presenter', 'secret')(actor, stage), failing: hidden(actor, stage) }),
  },
  { method: 'chat.history', op: 'chat.read', ask: (rooms, { id }) => rooms.chat.history(id) },
  {
    method: 'chat.history',
    op: 'chat.readPrivate',
    ask: (rooms, { id, people }) => rooms.chat.history(id, { with: people.Presenter }),
  },
  { method: 'chat.search', op: 'chat.search', ask: (rooms, { id }) => rooms.chat.search(id, { text: 'hello' }) },
  { method: 'chat.markRead', op: 'chat.markRead', ask: (rooms, { id, chat }) => rooms.chat.markRead(id, chat.notice) },
  { method: 'chat.unread', op: 'chat.markRead', ask: (rooms, { id }) => rooms.chat.unread(id) },
];
