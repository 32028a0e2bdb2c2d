import { z } from 'zod';
import { id, strict } from '../core/schema.ts';
import { type Cursor, parseCursor } from './cursor.ts';

/** A cursor that no server of this kind has given leads nowhere: whoever has it begins anew. */
const foreign: Cursor = { epoch: 'foreign', seq: 0 };

const stream = strict({ kind: z.enum(['meeting', 'user']), id });
const after = z
  .string()
  .max(64)
  .transform((text) => parseCursor(text) ?? foreign);
/** What is said is checked by who passes it on. */
const said = { stream, type: z.string().max(255), data: z.unknown() };

/** What a client may send, as it arrives; see `ClientMessage`. */
export const clientMessage = z.discriminatedUnion('kind', [
  strict({ kind: z.literal('subscribe'), stream, after: after.optional() }),
  strict({ kind: z.literal('unsubscribe'), stream }),
  strict({
    kind: z.literal('command'),
    id,
    operation: z.string().max(64),
    input: z.array(z.unknown()).max(8),
  }),
  strict({ kind: z.literal('signal'), ...said }),
  strict({ kind: z.literal('state'), ...said }),
  strict({ kind: z.literal('authenticate'), token: z.string().min(1).max(16_384) }),
  strict({ kind: z.literal('pong') }),
]);

/** A message that could be read. */
export type ReadMessage = z.output<typeof clientMessage>;

export type CommandMessage = Extract<ReadMessage, { readonly kind: 'command' }>;
