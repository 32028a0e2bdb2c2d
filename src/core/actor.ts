import { z } from 'zod';
import { MeetingError } from './errors.ts';
import { id } from './schema.ts';
import { validate } from './validate.ts';

/** Signs what the service does by itself (system messages, sweeps). Nobody can act under this id. */
export const SYSTEM_USER_ID = '00000000-0000-7000-8000-000000000001';

/** Who a call is made as. The host application has authenticated them; the SDK never does. */
export interface Actor {
  /** UUID of the person in the host's user service (`auth_user_id`). */
  readonly userId: string;
}

/** The actor inside the kernel. `system` is a capability made by `asSystem()`; no JSON body can spell it. */
export type Principal = { readonly kind: 'person'; readonly userId: string } | { readonly kind: 'system' };

export const systemPrincipal: Principal = Object.freeze({ kind: 'system' });

const actorInput = z.strictObject({ userId: id });

/** @throws MeetingError VALIDATION when the actor is not `{ userId: <uuid> }` or claims the system's id. */
export function person(actor: Actor): Principal {
  const { userId } = validate(actorInput, actor);
  if (userId === SYSTEM_USER_ID)
    throw new MeetingError('VALIDATION', 'userId: nobody may act under the system id; use service.asSystem().', {
      details: { fields: [{ path: 'userId', message: 'is reserved for the system' }] },
    });
  return Object.freeze({ kind: 'person', userId });
}

/** The id that signs rows and events of this principal. */
export function signature(principal: Principal): string {
  return principal.kind === 'person' ? principal.userId : SYSTEM_USER_ID;
}
