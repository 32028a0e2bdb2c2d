import { expect, test } from 'vitest';
import { crowdBar, presenceBar, timeAxis } from '../../src/demo/presence-bar.ts';
import type { SessionView } from '../../src/participants/index.ts';

const from = new Date('2026-03-02T09:00:00Z');
const after = (minutes: number) => new Date(from.getTime() + minutes * 60_000);
const to = after(8);

function stay(joined: number, left: number | null): SessionView {
  const leftAt = left === null ? null : after(left);
  return { id: 's', authUserId: 'ada', source: 'host', connectionId: 'c', joinedAt: after(joined), leftAt };
}

test('presence is solid where it is whole, lighter where it is not, a dot where there is none', () => {
  expect(presenceBar([stay(0, 2), stay(2.5, 3), stay(4.7, 4.8), stay(5.1, 6)], from, to, 8)).toBe('██▒·░▓··');
});

test('the shortest visit and the shortest absence can be seen', () => {
  expect(presenceBar([stay(1, 1.001)], from, to, 8)).toBe('·░······');
  expect(presenceBar([stay(0, 3.5), stay(3.501, 8)], from, to, 8)).toBe('███▓████');
});

test('two devices at once are one presence, and one still open lasts to the end', () => {
  expect(presenceBar([stay(2, 6), stay(3, 4), stay(5, 7)], from, to, 8)).toBe('··█████·');
  expect(presenceBar([stay(6, null)], from, to, 8)).toBe('······██');
});

test('time before the start and after the end is not drawn', () => {
  expect(presenceBar([stay(-5, 20)], from, to, 4)).toBe('████');
  expect(presenceBar([], from, to, 4)).toBe('····');
});

test('a full bar stays full however the cells divide the time', () => {
  for (let cells = 1; cells <= 200; cells++) expect(presenceBar([stay(0, 8)], from, to, cells)).toBe('█'.repeat(cells));
});

test('a crowd is as high as the most people in each cell, each counted once', () => {
  const people = [[stay(0, 8)], [stay(2, 4), stay(3, 6)], [stay(4, 6)], [stay(4, 4.5), stay(4.2, 5)]];
  expect(crowdBar(people, from, to, 8)).toBe('▂▂▄▄█▆▂▂');
  expect(crowdBar([], from, to, 3)).toBe('   ');
});

test('somebody who leaves as another comes is not there with them', () => {
  expect(crowdBar([[stay(0, 4)], [stay(4, 8)]], from, to, 2)).toBe('██');
});

const label = (instant: Date) => instant.toISOString().slice(11, 16);

test('the times under a bar begin where their cell does, and the last ends with the bar', () => {
  expect(timeAxis(from, to, 16, label)).toBe('09:00      09:08');
  expect(timeAxis(from, after(80), 40, label)).toBe('09:00       09:24      09:46       10:20');
});
