import { systemPrincipal } from '../core/actor.ts';
import type { Call } from '../core/call.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { type StreamEvent, streamKinds, type StreamRef } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise, judge } from '../core/policy.ts';
import type { Standing } from '../core/standing.ts';
import { hostsOf, type PersonRow, standings, type StandingsRow } from './grant.statements.ts';
import {
  eventsAfter,
  type Head,
  headOf,
  headsOf,
  makeHead,
  readableEvent,
  streamKey,
  streamOf,
} from './reading.statements.ts';
import { SharedReads } from './shared-reads.ts';
import { type Grant, grantOf, ownGrant } from './visibility.rules.ts';

const call: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };

/** Somebody's right to follow a stream, and where the stream stood in the same instant. */
export interface Access {
  readonly grant: Grant;
  readonly head: Head;
  /** The meeting's Host and CoHosts, where the grant has to be read against them. */
  readonly hosts: ReadonlySet<string> | null;
}

/** What the hub asks the database. Nothing of it is kept here. */
export class RealtimeLog {
  readonly #kernel: Kernel;
  readonly #pages = new SharedReads<readonly StreamEvent[]>(4);

  /** Events that one read gives at most. */
  static readonly pageSize = 256;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** @throws MeetingError NOT_FOUND for a meeting that the person is no member of; FORBIDDEN for another person's own stream */
  access(stream: StreamRef, userId: string): Promise<Access> {
    return stream.kind === 'user' ? this.#ownStream(stream, userId) : this.#meeting(stream, userId);
  }

  /** By the person; null for those who are no members any more. */
  async grants(meetingId: string, userIds: readonly string[]): Promise<ReadonlyMap<string, Grant | null>> {
    const found = await this.#standings(meetingId, userIds);
    return new Map(
      userIds.map((userId) => {
        const person = found?.people.find((row) => row.userId === userId);
        const refusal = judge('events.subscribe', standingOf(found, person), memberNow(person));
        return [userId, refusal === null && person !== undefined ? grantOf(userId, person.role, person.status) : null];
      }),
    );
  }

  async hosts(meetingId: string): Promise<ReadonlySet<string>> {
    const rows = await this.#kernel.read(call, (work) => work.run(hostsOf, [meetingId]));
    return new Set(rows.map((row) => row.user_id));
  }

  /** Where streams stand, by their key; one query, whatever their number. */
  async heads(streams: readonly StreamRef[]): Promise<ReadonlyMap<string, Head>> {
    const [kinds, ids] = [streams.map(({ kind }) => streamKinds[kind]), streams.map(({ id }) => id)];
    const rows = await this.#kernel.read(call, (work) => work.run(headsOf, [kinds, ids]));
    return new Map(rows.map((row) => [streamKey(streamOf(row)), headOf(row)]));
  }

  /** The events after a number, as many as a page has. */
  page(stream: StreamRef, after: number): Promise<readonly StreamEvent[]> {
    return this.#pages.read(`${streamKey(stream)}:${after}`, async () => {
      const parameters = [streamKinds[stream.kind], stream.id, after, RealtimeLog.pageSize];
      const rows = await this.#kernel.read(call, (work) => work.run(eventsAfter, parameters));
      return rows.map((row) =>
        readableEvent(row, ({ id, seq }, error) =>
          this.#kernel.ports.logger.error('an event in the log cannot be read', { stream, id, seq, error }),
        ),
      );
    });
  }

  async #ownStream(stream: StreamRef, userId: string): Promise<Access> {
    const nowhere: Standing = { role: 'Outsider', status: null, settings: {}, serviceSwitches: {} };
    authorise('notification.list', nowhere, { own: stream.id === userId });
    return { grant: ownGrant(userId), head: await this.#head(stream), hosts: null };
  }

  async #meeting(stream: StreamRef, userId: string): Promise<Access> {
    const found = await this.#standings(stream.id, [userId]);
    if (found === null) throw notFound();
    const [person] = found.people;
    authorise('events.subscribe', standingOf(found, person), memberNow(person));
    if (person === undefined) throw notFound();
    const { epoch, seq, min_seq } = found;
    const head = epoch === null || seq === null || min_seq === null ? null : headOf({ epoch, seq, min_seq });
    const grant = grantOf(userId, person.role, person.status);
    const hosts = grant.limited ? await this.hosts(stream.id) : null;
    return { grant, head: head ?? (await this.#head(stream)), hosts };
  }

  async #standings(meetingId: string, userIds: readonly string[]): Promise<StandingsRow | null> {
    const [row] = await this.#kernel.read(call, (work) => work.run(standings, [meetingId, [...userIds]]));
    return row ?? null;
  }

  /** The head of one stream, made where nothing has happened in it yet. */
  async #head(stream: StreamRef): Promise<Head> {
    const known = (await this.heads([stream])).get(streamKey(stream));
    if (known !== undefined) return known;
    const parameters = [streamKinds[stream.kind], stream.id];
    await this.#kernel.run(call, (work) => work.run(makeHead, parameters), { singleStatement: true });
    const made = (await this.heads([stream])).get(streamKey(stream));
    if (made === undefined) throw new MeetingError('CONFLICT', 'The stream was removed while it was being opened.');
    return made;
  }
}

/** The switches of a meeting have no say in who follows it. */
function standingOf(found: StandingsRow | null, person: PersonRow | undefined): Standing {
  const role = person === undefined || person.removed ? 'Outsider' : person.role;
  return { role, status: found?.meeting_status ?? 'Cancelled', settings: {}, serviceSwitches: {} };
}

function memberNow(person: PersonRow | undefined): { conditions: { memberNow: boolean } } {
  return { conditions: { memberNow: person !== undefined && !person.removed } };
}
