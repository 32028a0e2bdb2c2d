import { z } from 'zod';
import type { Audience, StreamEvent, StreamRef } from '../core/event.ts';
import { id } from '../core/schema.ts';
import { validate } from '../core/validate.ts';

/** An event as a CloudEvent 1.0 in the JSON format: what other systems' tools read. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** The stream: `/meetings/<id>` or `/users/<id>`. */
  readonly source: string;
  /** `convoke.<type>.v1`. */
  readonly type: string;
  /** What in `data` the event is about, where that has an id of its own: for filters, and not read back. */
  readonly subject?: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Events of one stream belong together. Extension "partitioning". */
  readonly partitionkey: string;
  /** `seq` in 20 digits, so that the order of texts is the order of events. Extension "sequence". */
  readonly sequence: string;
  readonly epoch: string;
  /** `prev`, in 20 digits as well. */
  readonly prev: string;
  /** `all`, `hosts`, or `users:` and their ids with commas between. */
  readonly audience: string;
  /** Absent for the system, and where saying it would break a secret. */
  readonly actorid?: string;
  readonly redacted?: true;
  readonly data: Readonly<Record<string, unknown>>;
}

const digits = 20;
const sources = { meeting: '/meetings/', user: '/users/' } as const;
/** The most telling id comes first. */
const subjects = ['messageId', 'pollId', 'inviteeId', 'userId', 'meetingId'] as const;

/** An event of the log as a CloudEvent. Nothing is lost: see {@link fromCloudEvent}. */
export function toCloudEvent(event: StreamEvent): CloudEvent {
  const { stream, audience, actorId, data } = event;
  const subject = subjects.map((name) => data[name]).find((value) => typeof value === 'string');
  return {
    specversion: '1.0',
    id: event.id,
    source: `${sources[stream.kind]}${stream.id}`,
    type: `convoke.${event.type}.v1`,
    ...(subject === undefined || subject === '' ? {} : { subject }),
    time: event.time,
    datacontenttype: 'application/json',
    partitionkey: `${stream.kind}:${stream.id}`,
    sequence: String(event.seq).padStart(digits, '0'),
    epoch: event.epoch,
    prev: String(event.prev).padStart(digits, '0'),
    audience: typeof audience === 'string' ? audience : `users:${audience.users.join(',')}`,
    ...(actorId === null ? {} : { actorid: actorId }),
    ...(event.redacted === true ? { redacted: true } : {}),
    data,
  };
}

const count = z
  .string()
  .regex(/^\d{20}$/, 'must be 20 digits')
  .transform(Number)
  .refine(Number.isSafeInteger, 'must be a number below 2^53');

const source = z.string().transform((text, context): StreamRef => {
  const [, folder, name] = /^\/(meetings|users)\/([^/]+)$/.exec(text) ?? [];
  const found = id.safeParse(name);
  if (found.success) return { kind: folder === 'users' ? 'user' : 'meeting', id: found.data };
  context.issues.push({ code: 'custom', message: 'must be /meetings/<id> or /users/<id>', input: text });
  return z.NEVER;
});

const audience = z.string().transform((text, context): Audience => {
  if (text === 'all' || text === 'hosts') return text;
  const list = /^users:(.*)$/.exec(text)?.[1];
  const users = z.array(id).safeParse(list === '' ? [] : list?.split(','));
  if (users.success) return Object.freeze({ users: Object.freeze(users.data) });
  context.issues.push({ code: 'custom', message: 'must be all, hosts, or users:<id>,<id>', input: text });
  return z.NEVER;
});

const type = z.string().transform((text, context): string => {
  const name = /^convoke\.(.{1,100})\.v1$/.exec(text)?.[1];
  if (name !== undefined) return name;
  context.issues.push({ code: 'custom', message: 'must be convoke.<type>.v1', input: text });
  return z.NEVER;
});

/** Brokers on the way may have added extensions of their own: what is not known is passed over. */
const envelope = z.object({
  specversion: z.literal('1.0'),
  id,
  source,
  type,
  time: z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString()),
  datacontenttype: z.literal('application/json').nullish(),
  sequence: count,
  epoch: id,
  prev: count,
  audience,
  actorid: id.nullish(),
  redacted: z.literal(true).nullish(),
  data: z.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  ),
});

/**
 * The event that a CloudEvent was made of, equal in everything. Whether it is genuine is not looked at: `verifyWebhook` says that
 * of a webhook.
 * @throws MeetingError VALIDATION for anything that {@link toCloudEvent} does not make
 */
export function fromCloudEvent(cloudEvent: unknown): StreamEvent {
  const given = validate(envelope, cloudEvent);
  return Object.freeze({
    id: given.id,
    stream: given.source,
    seq: given.sequence,
    epoch: given.epoch,
    prev: given.prev,
    type: given.type,
    time: given.time,
    audience: given.audience,
    actorId: given.actorid ?? null,
    data: Object.freeze(given.data),
    ...(given.redacted === true ? { redacted: true as const } : {}),
  });
}
