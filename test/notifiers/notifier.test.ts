import { expect, test } from 'vitest';
import { memoryNotifier, type Notice } from '../../src/notifiers/index.ts';

function notice(title: string): Notice {
  return { kind: 'reminder.due', userId: 'ada', meetingId: 'm', title, data: { minutes: 15 } };
}

const never = new AbortController().signal;

test('notices are kept in the order they came', async () => {
  const notifier = memoryNotifier();
  await notifier.notify(notice('one'), never);
  await notifier.notify(notice('two'), never);
  expect(notifier.notices.map(({ title }) => title)).toEqual(['one', 'two']);
});

test('the last thousand are kept, so memory stays bounded', async () => {
  const notifier = memoryNotifier();
  for (let i = 0; i < 1005; i++) await notifier.notify(notice(String(i)), never);
  expect(notifier.notices).toHaveLength(1000);
  expect(notifier.notices[0]?.title).toBe('5');
  expect(notifier.notices.at(-1)?.title).toBe('1004');
});

test('what was read does not change when more arrives', async () => {
  const notifier = memoryNotifier();
  const before = notifier.notices;
  await notifier.notify(notice('one'), never);
  expect(before).toEqual([]);
});

test('an aborted delivery is not a delivery', async () => {
  const notifier = memoryNotifier();
  await expect(notifier.notify(notice('late'), AbortSignal.abort(new Error('closing')))).rejects.toThrow('closing');
  expect(notifier.notices).toEqual([]);
});
