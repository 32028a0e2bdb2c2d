import { expect, test, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';

test('the silent logger writes nothing anywhere and cannot be tampered with', () => {
  const written = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
  const levels = ['debug', 'info', 'warn', 'error'] as const;
  for (const level of levels) silentLogger[level]('message', { meetingId: 'x' });
  for (const write of written) expect(write).not.toHaveBeenCalled();
  expect(Object.isFrozen(silentLogger)).toBe(true);
});
