import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../src/core/event.ts';
import { EventBus, type EventListener } from '../../src/events/index.ts';
import { event, recordingLogger } from './event.ts';

function opened() {
  const logger = recordingLogger();
  return { bus: new EventBus(logger), logger };
}

const started = event({ type: 'meeting.started', seq: 1 });
const ended = event({ type: 'meeting.ended', seq: 2 });

/** A listener and what it heard. */
function listening(name = ''): { heard: string[]; listen: EventListener } {
  const heard: string[] = [];
  return { heard, listen: ({ type }) => void heard.push(`${name}${type}`) };
}

test('a listener hears the events of its name, and of all names with *', () => {
  const { bus } = opened();
  const [one, all] = [listening(), listening()];
  bus.on('meeting.ended', one.listen);
  bus.on('*', all.listen);
  bus.emit([started, ended]);
  expect(one.heard).toEqual(['meeting.ended']);
  expect(all.heard).toEqual(['meeting.started', 'meeting.ended']);
});

test('events come one after another, and listeners in the order in which they began', () => {
  const { bus } = opened();
  const heard: string[] = [];
  bus.on('meeting.started', () => void heard.push('first'));
  bus.on('meeting.started', () => void heard.push('second'));
  bus.on('meeting.ended', () => void heard.push('later'));
  bus.emit([started, ended]);
  expect(heard).toEqual(['first', 'second', 'later']);
});

test('for once hears the next event only, and is called off like any other listener', () => {
  const { bus } = opened();
  const { heard, listen } = listening();
  bus.once('meeting.started', listen);
  bus.emit([started, started]);
  expect(heard).toHaveLength(1);
  bus.once('meeting.started', listen);
  bus.off('meeting.started', listen);
  bus.emit([started]);
  expect(heard).toHaveLength(1);
});

test('listening twice with the same function counts once, under each name', () => {
  const { bus } = opened();
  const { heard, listen } = listening();
  bus.on('meeting.started', listen);
  bus.on('meeting.started', listen);
  bus.on('*', listen);
  bus.emit([started]);
  expect(heard).toHaveLength(2);
  bus.off('meeting.started', listen);
  bus.emit([started]);
  expect(heard).toHaveLength(3);
  bus.off('*', listen);
  bus.off('*', listen);
  bus.emit([started]);
  expect(heard).toHaveLength(3);
  bus.on('*', listen);
  bus.emit([started]);
  expect(heard).toHaveLength(4);
});

test('stopping what never listened changes nothing', () => {
  const { bus } = opened();
  const { heard, listen } = listening();
  bus.on('meeting.started', listen);
  bus.off('meeting.ended', listen);
  bus.off('meeting.started', () => {});
  bus.emit([started]);
  expect(heard).toHaveLength(1);
});

test('a listener may stop itself, or others, while it is told', () => {
  const { bus } = opened();
  const heard: string[] = [];
  const first: EventListener = () => {
    heard.push('first');
    bus.off('meeting.started', first);
  };
  bus.on('meeting.started', first);
  bus.on('meeting.started', () => void heard.push('second'));
  bus.emit([started, started]);
  expect(heard).toEqual(['first', 'second', 'second']);
});

test('after clearing nobody listens, and everybody may again', () => {
  const { bus } = opened();
  const { heard, listen } = listening();
  bus.on('meeting.started', listen);
  bus.clear();
  bus.emit([started]);
  expect(heard).toEqual([]);
  bus.on('meeting.started', listen);
  bus.emit([started]);
  expect(heard).toHaveLength(1);
});

describe('a listener that fails', () => {
  const broken = new Error('broken');
  const failing: [string, (event: StreamEvent) => void | Promise<void>][] = [
    [
      'by throwing',
      () => {
        throw broken;
      },
    ],
    ['by rejecting', () => Promise.reject(broken)],
    [
      'by rejecting later',
      async () => {
        await Promise.resolve();
        throw broken;
      },
    ],
    // Promises of other realms and libraries are no Promise of this one.
    ['in another realm', () => runInNewContext('Promise.reject(broken)', { broken }) as Promise<void>],
  ];

  test.for(failing)('%s harms nobody and is logged', async ([, listen]) => {
    const { bus, logger } = opened();
    const { heard, listen: other } = listening();
    bus.on('meeting.started', listen);
    bus.on('meeting.started', other);
    bus.emit([started]);
    expect(heard).toHaveLength(1);
    await new Promise(setImmediate);
    expect(logger.lines).toEqual([
      {
        level: 'error',
        message: 'an event listener failed',
        fields: { listener: 'meeting.started', event: started.id, error: broken },
      },
    ]);
  });
});
