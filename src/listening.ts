import { z } from 'zod';
import { strict } from './core/schema.ts';
import { validate } from './core/validate.ts';
import { type EventName, type EventOf, eventCatalogue } from './events/catalogue.ts';

/** Gets the events of this name, or whatever happens. Its type follows from the name that is given, never the other way round. */
export type ListenerOf<Name extends EventName> = (
  event: NoInfer<{ [Each in Name]: EventOf<Each> }[Name]>,
) => void | Promise<void>;

const listening = strict({
  name: z.enum(['*', ...Object.keys(eventCatalogue)]),
  listener: z.custom((value) => typeof value === 'function', 'must be a function'),
});

/** @throws MeetingError VALIDATION for an event that does not exist, and for a listener that cannot be called */
export function checkListening(name: unknown, listener: unknown): void {
  validate(listening, { name, listener });
}
