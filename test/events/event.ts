import type { StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';

/** An event as the log gives it back. */
export function event(more: Partial<StreamEvent> = {}): StreamEvent {
  return {
    id: newId(),
    stream: { kind: 'meeting', id: newId() },
    seq: 1,
    epoch: newId(),
    prev: 0,
    type: 'meeting.started',
    time: '2026-03-02T09:00:00.000Z',
    audience: 'all',
    actorId: null,
    data: {},
    ...more,
  };
}

export interface RecordingLogger extends Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[];
}

/** Keeps what it is told. */
export function recordingLogger(): RecordingLogger {
  const lines: RecordingLogger['lines'] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
