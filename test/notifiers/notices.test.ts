import { expect, test } from 'vitest';
import type { StreamEvent } from '../../src/core/event.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { memoryNotifier, Notices, type Notice, type Notifier } from '../../src/notifiers/index.ts';

function event(overrides: Partial<StreamEvent> = {}): StreamEvent {
  return {
    ...{ id: 'e', stream: { kind: 'user', id: 'ada' }, seq: 1, epoch: '0', prev: 0, type: 'invitation.sent' },
    ...{ time: '2026-03-02T09:00:00.000Z', audience: { users: ['ada'] }, actorId: null, data: { meetingId: 'm' } },
    ...overrides,
  };
}

function noticesTo(notifier: Notifier, errors: unknown[] = []): Notices {
  const logger = { ...silentLogger, error: (...entry: unknown[]) => void errors.push(entry) };
  return new Notices({ notifier, logger, titleOf: async (id) => (id === 'gone' ? null : `Meeting ${id}`) });
}

/** A notifier that takes as long as the test wants. */
function slowNotifier() {
  const begun: { notice: Notice; signal: AbortSignal; finish: () => void }[] = [];
  const notifier: Notifier = {
    specVersion: 1,
    notify: (notice, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('told to stop')));
        begun.push({ notice, signal, finish: resolve });
      }),
  };
  return { notifier, begun };
}

test('a notice says what happened, to whom, in which meeting', async () => {
  const notifier = memoryNotifier();
  const notices = noticesTo(notifier);
  notices.take(event({ type: 'invitation.waitlisted', data: { meetingId: 'm', position: 2 } }));
  await notices.close(1000);
  expect(notifier.notices).toEqual([
    {
      ...{ kind: 'invitation.waitlisted', userId: 'ada', meetingId: 'm', title: 'Meeting m' },
      data: { meetingId: 'm', position: 2 },
    },
  ]);
});

test('what is not worth telling, of no meeting, or of one that is gone, is passed over', async () => {
  const notifier = memoryNotifier();
  const errors: unknown[] = [];
  const notices = noticesTo(notifier, errors);
  notices.take(event({ stream: { kind: 'meeting', id: 'm' } }));
  notices.take(event({ type: 'invitation.accepted' }));
  notices.take(event({ data: {} }));
  notices.take(event({ data: { meetingId: 'gone' } }));
  await notices.close(1000);
  expect(notifier.notices).toEqual([]);
  expect(errors).toEqual([]);
});

test('closing waits for what is under way and lets nothing begin', async () => {
  const { notifier, begun } = slowNotifier();
  const notices = noticesTo(notifier);
  notices.take(event());
  await expect.poll(() => begun.length).toBe(1);
  let closed = false;
  const closing = notices.close(10_000).then(() => (closed = true));
  notices.take(event({ id: 'late' }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(closed).toBe(false);
  expect(begun[0]?.signal.aborted).toBe(false);
  begun[0]?.finish();
  await closing;
  expect(begun).toHaveLength(1);
});

test('a notifier that does not come to an end is told to stop', async () => {
  const { notifier, begun } = slowNotifier();
  const errors: unknown[] = [];
  const notices = noticesTo(notifier, errors);
  notices.take(event());
  await expect.poll(() => begun.length).toBe(1);
  await notices.close(1);
  expect(begun[0]?.signal.aborted).toBe(true);
  await expect.poll(() => errors.length).toBe(1);
});

test('one that fails is logged, and the next is told all the same', async () => {
  const told: string[] = [];
  const errors: unknown[] = [];
  const notices = noticesTo(
    {
      specVersion: 1,
      notify: async ({ userId }) => {
        if (userId === 'ada') throw new Error('mail is down');
        told.push(userId);
      },
    },
    errors,
  );
  notices.take(event());
  notices.take(event({ stream: { kind: 'user', id: 'bob' } }));
  await notices.close(1000);
  expect(told).toEqual(['bob']);
  expect(errors).toMatchObject([['a notice was not delivered', { event: 'e', error: { message: 'mail is down' } }]]);
});

test('the title of a meeting is asked for once for all that is told at once, and anew for what comes later', async () => {
  const notifier = memoryNotifier();
  let asked = 0;
  const titleOf = async (id: string) => `Meeting ${id}, asked ${++asked} times`;
  const notices = new Notices({ notifier, logger: silentLogger, titleOf });
  for (const userId of ['ada', 'ben', 'cem']) notices.take(event({ stream: { kind: 'user', id: userId } }));
  await Promise.resolve();
  notices.take(event({ stream: { kind: 'user', id: 'dora' } }));
  await notices.close(1000);
  expect(notifier.notices.map(({ userId, title }) => `${userId}: ${title}`)).toEqual([
    ...['ada', 'ben', 'cem'].map((userId) => `${userId}: Meeting m, asked 1 times`),
    'dora: Meeting m, asked 2 times',
  ]);
});
