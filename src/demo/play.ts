import type { Rooms } from '../rooms.ts';
import type { Happening } from './recording.ts';
import type { Stage } from './replay.ts';

/** A step of the class that was just taken. */
export interface Moment {
  readonly kind: 'start' | 'end' | Happening['kind'];
  readonly at: Date;
  /** Whose step it was; the host's for the class itself and its polls. */
  readonly person: string;
  /** The number of the poll, where it is about one. */
  readonly poll: number | null;
}

/**
 * Starts the class, lets everybody come and go, write, vote and speak as recorded, and ends it. Connections that are open then are
 * closed by the end.
 * @param taken called after each step
 */
export async function play(stage: Stage, meetingId: string, taken: (moment: Moment) => Promise<void>): Promise<void> {
  const { service, clock, recording, cast } = stage;
  const { name: host, userId } = cast.host;
  const teacher = service.as({ userId });
  const people = new Map(cast.everybody.map((member) => [member.name, service.as({ userId: member.userId })]));
  const lesson = new Lesson(meetingId, teacher, people);
  clock.moveTo(recording.startedAt);
  await teacher.meetings.start(meetingId);
  await taken({ kind: 'start', at: recording.startedAt, person: host, poll: null });
  for (const happening of recording.happenings) {
    clock.moveTo(happening.at);
    await lesson.happen(happening);
    const { kind, at } = happening;
    const person = 'person' in happening ? happening.person : host;
    await taken({ kind, at, person, poll: 'poll' in happening ? happening.poll : null });
  }
  clock.moveTo(recording.endedAt);
  await teacher.meetings.end(meetingId);
  await taken({ kind: 'end', at: recording.endedAt, person: host, poll: null });
}

const filler = 'filler of the recorded length, ';

/** The recording keeps the length of a message and nothing else of it. */
export function fillerText(length: number): string {
  return filler.repeat(Math.ceil(length / filler.length)).slice(0, length);
}

/** The class in progress: what people do, said in calls of the library. */
class Lesson {
  readonly #meetingId: string;
  readonly #teacher: Rooms;
  readonly #people: ReadonlyMap<string, Rooms>;
  readonly #polls = new Map<number, string>();

  constructor(meetingId: string, teacher: Rooms, people: ReadonlyMap<string, Rooms>) {
    this.#meetingId = meetingId;
    this.#teacher = teacher;
    this.#people = people;
  }

  happen(one: Happening): Promise<unknown> {
    const id = this.#meetingId;
    if (one.kind === 'media') return this.#as(one.person).participants.setMedia(id, one.media);
    if (one.kind === 'chat') return this.#as(one.person).chat.send(id, { content: fillerText(one.length) });
    if (one.kind === 'poll.vote')
      return this.#as(one.person).polls.vote(this.#poll(one.poll), { selectedOptions: [one.option] });
    if ('connectionId' in one)
      return this.#as(one.person).participants[one.kind](id, { connectionId: one.connectionId });
    return one.kind === 'poll.open' ? this.#ask(one.poll) : this.#teacher.polls.close(this.#poll(one.poll));
  }

  async #ask(number: number): Promise<void> {
    const question = `Question ${number} (what it was is not recorded)`;
    const { id } = await this.#teacher.polls.create(this.#meetingId, { pollType: 'YesNo', question });
    this.#polls.set(number, id);
  }

  #as(person: string): Rooms {
    return found(this.#people.get(person), person);
  }

  #poll(number: number): string {
    return found(this.#polls.get(number), `poll ${number}`);
  }
}

function found<Found>(one: Found | undefined, what: string): Found {
  if (one === undefined) throw new RangeError(`The recording has told nothing of ${what} before.`);
  return one;
}
