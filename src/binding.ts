import { z } from 'zod';
import { MeetingError } from './core/errors.ts';
import { strict } from './core/schema.ts';
import { invalid, validate } from './core/validate.ts';
import type { HostEntityManager } from './database/host-transaction.ts';
import type { PlainClient } from './database/plain-client.ts';

/** How a call may be tied to what the host is doing. */
export interface BindingOptions {
  /** The entity manager inside the host's `em.transactional`: the call becomes part of that transaction. */
  readonly em?: HostEntityManager;
  /** A plain client with the host's open transaction, such as one of `pg`. Tell `service.committed` of its commit. */
  readonly client?: PlainClient;
  /** Cancels calls that have not begun to be stored. */
  readonly signal?: AbortSignal;
}

/** What a host lends is known by what it can do; anything else would fail later, and in words of its own. */
function lent<Lent>(message: string, ...methods: readonly string[]) {
  return z.custom<Lent>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof Reflect.get(value, name) === 'function'),
    message,
  );
}

const binding = strict({
  em: lent<HostEntityManager>(
    'must be an entity manager of MikroORM',
    ...['getContext', 'getTransactionContext', 'getEventManager', 'getConnection'],
  ).optional(),
  client: lent<PlainClient>('must have query(text, values)', 'query').optional(),
  signal: lent<AbortSignal>('must be an AbortSignal', 'addEventListener', 'throwIfAborted').optional(),
});

/** What most calls are bound to: nothing. */
export const unbound: BindingOptions = Object.freeze({});

/** @throws MeetingError VALIDATION naming the option that is unknown, or cannot be what it should */
export function bindingOf(options: BindingOptions): z.output<typeof binding> {
  if (options === unbound) return {};
  if (typeof options !== 'object' || options === null)
    throw invalid([{ path: 'options', message: 'must be an object' }]);
  const found = validate(binding, options);
  if (found.em !== undefined && found.client !== undefined)
    throw new MeetingError('VALIDATION', 'client: give either em or client, not both.', {
      details: { fields: [{ path: 'client', message: 'must not be given together with em' }] },
    });
  return found;
}
