import { expect, expectTypeOf, test } from 'vitest';
import type {
  AnyEvent,
  Client,
  CommandName,
  CommandResult,
  EventOf,
  Subscription,
  Wire,
} from '../../src/client/index.ts';
import { startFrom } from '../../src/client/index.ts';
import { methods } from '../../src/core/permission-methods.ts';
import type { MeetingView } from '../../src/index.ts';

/** Never called: only its types are looked at. */
async function typed(client: Client, subscription: Subscription, id: string): Promise<void> {
  subscription.on('chat.message.sent', (event) => {
    expectTypeOf(event).toEqualTypeOf<EventOf<'chat.message.sent'>>();
    expectTypeOf(event.data.content).toEqualTypeOf<string | null>();
    expectTypeOf(event.data.sentAt).toBeString();
  });
  subscription.on('*', (event) => {
    expectTypeOf(event).toEqualTypeOf<AnyEvent>();
    if (event.type === 'participant.joined') expectTypeOf(event.data.userId).toBeString();
  });
  subscription.on('signal', ({ from, data }) => {
    expectTypeOf(from).toBeString();
    expectTypeOf(data).toBeUnknown();
  });
  // @ts-expect-error -- there is no such event
  subscription.on('chat.message.shouted', () => {});
  // @ts-expect-error -- the name decides the event, not the listener
  subscription.on('meeting.ended', (event: EventOf<'meeting.started'>) => void event);
  for await (const event of subscription) expectTypeOf(event).toEqualTypeOf<AnyEvent>();

  const { result, seq } = await client.command('chat.send', id, { content: 'Hello' });
  expectTypeOf(seq).toEqualTypeOf<number | null>();
  expectTypeOf(result.content).toEqualTypeOf<string | null>();
  expectTypeOf(result.sentAt).toBeString();
  const start = new Date();
  await client.command('meetings.reschedule', id, { scheduledStartTime: start, scheduledEndTime: start.toISOString() });
  const people = await client.with({ id }).command('participants.list', id);
  expectTypeOf(people.result.nextCursor).toEqualTypeOf<string | null>();
  // @ts-expect-error -- content is text
  await client.command('chat.send', id, { content: 1 });
  // @ts-expect-error -- only the server speaks as the system
  await client.command('chat.sendSystem', id, { content: 'x' });
  // @ts-expect-error -- a command has its key already
  await client.command('with', { idempotencyKey: 'x' });

  client.meeting(id).subscribe({ state: async () => 7, onState: (state) => expectTypeOf(state).toBeNumber() });
  client.meeting(id).subscribe(
    startFrom(
      async () => ['a'],
      (state) => expectTypeOf(state).toEqualTypeOf<string[]>(),
    ),
  );
}

test('the client is typed by the catalogue and by the rooms', () => {
  expect(typed).toBeInstanceOf(Function);
  expectTypeOf<CommandResult<'meetings.get'>>().toEqualTypeOf<Wire<MeetingView>>();
  expectTypeOf<Wire<MeetingView>['scheduledStartTime']>().toBeString();
  expectTypeOf<Wire<{ at: Date | null; list: readonly Date[]; deep: { on?: Date } }>>().toEqualTypeOf<{
    at: string | null;
    list: readonly string[];
    deep: { on?: string };
  }>();
});

test('events hold nothing that JSON would change', () => {
  expectTypeOf<Wire<AnyEvent>>().toEqualTypeOf<AnyEvent>();
});

test('every method of a room that a person may call is a command', () => {
  expectTypeOf<'meetings.end' | 'chat.markRead' | 'polls.vote' | 'screenShare.takeOver'>().toExtend<CommandName>();
  expectTypeOf<Extract<CommandName, 'chat.sendSystem' | 'participants.recordSession'>>().toBeNever();
  expect(Object.keys(methods)).toContain('chat.send' satisfies CommandName);
});
