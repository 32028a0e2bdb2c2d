import { z } from 'zod';
import { boundedArray } from './core/schema.ts';
import { validate } from './core/validate.ts';
import { type EventName, type EventOf, eventCatalogue } from './events/catalogue.ts';
import type { ConsumeOptions, EventHandler } from './feed/index.ts';

/** Gets events of these names, or all. Its type follows from `types`, never the other way round. */
export type HandlerOf<Name extends EventName> = EventHandler<NoInfer<{ [Each in Name]: EventOf<Each> }[Name]>>;

/** {@link ConsumeOptions} whose `types` are events that exist. */
export interface ConsumeInput<Name extends EventName> extends Omit<ConsumeOptions, 'types'> {
  /** Events of other types are passed over. @default all */
  readonly types?: readonly Name[];
}

const known = z.looseObject({ types: boundedArray(z.enum(Object.keys(eventCatalogue)), 200, 1).optional() });

/** @throws MeetingError VALIDATION for an event that does not exist */
export function checkTypes<Options>(options: Options): Options {
  validate(known, options);
  return options;
}

/** `types` decide what comes, and the data of each was checked against its definition when it was drafted. */
export function untypedHandler(handler: EventHandler<never>): EventHandler {
  return handler as EventHandler;
}
