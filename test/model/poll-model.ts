/** What a meeting's polls are, in a few lines: who may ask, who may vote, and when it is over. */
import type { MeetingModel } from './meeting-model.ts';
import type { Ending, Place } from './place.ts';

export interface PollTraits {
  readonly isAnonymous: boolean;
  readonly allowChange: boolean;
}

interface ModelPoll extends PollTraits {
  readonly creator: number;
  state: 'draft' | 'open' | 'closed';
  /** What each person has chosen last. */
  readonly votes: Map<number, number>;
}

/** What can be seen of a poll. */
export interface PollSummary {
  readonly state: 'draft' | 'open' | 'closed';
  /** Who chose what; of an anonymous poll nobody can tell. */
  readonly voters: readonly (readonly [person: number, option: number])[];
  readonly chosen: readonly number[];
  /** Once it is closed. */
  readonly totals: { readonly votes: number; readonly counts: readonly number[] } | null;
}

const options = 3;

/** How often each option was chosen. */
export function countsOf(chosen: readonly number[]): number[] {
  return Array.from({ length: options }, (_, index) => chosen.filter((option) => option === index).length);
}

/** The polls of one meeting, in the order in which they were made. */
export class PollModel {
  readonly #meeting: MeetingModel;
  readonly #polls: ModelPoll[] = [];

  constructor(meeting: MeetingModel) {
    this.#meeting = meeting;
  }

  create(by: number, draft: boolean, traits: PollTraits): Ending {
    const place = this.#member(by);
    if (place === null) return 'NOT_FOUND';
    if (!leads(place) && place.role !== 'Presenter') return 'FORBIDDEN';
    if (this.#isOver || (this.#meeting.status !== 'InProgress' && !draft)) return 'INVALID_TRANSITION';
    this.#polls.push({ ...traits, creator: by, state: draft ? 'draft' : 'open', votes: new Map() });
    return 'ok';
  }

  /** A row that somebody has written past the service, where a poll may be open before the meeting is. */
  write(by: number): Ending {
    if (!this.#isOver)
      this.#polls.push({ creator: by, state: 'open', votes: new Map(), isAnonymous: false, allowChange: true });
    return 'ok';
  }

  open(by: number, which: number): Ending {
    return this.#led(by, which, (poll) => {
      if (poll.state !== 'draft') return 'CONFLICT';
      poll.state = 'open';
      return 'ok';
    });
  }

  close(by: number, which: number): Ending {
    return this.#led(by, which, (poll) => {
      if (poll.state !== 'open') return 'POLL_CLOSED';
      poll.state = 'closed';
      return 'ok';
    });
  }

  vote(by: number, which: number, option: number): Ending {
    return this.#voting(by, which, (poll) => {
      if (option >= options) return 'VALIDATION';
      poll.votes.set(by, option);
      return 'ok';
    });
  }

  retract(by: number, which: number): Ending {
    return this.#voting(by, which, (poll) => {
      poll.votes.delete(by);
      return 'ok';
    });
  }

  get summary(): PollSummary[] {
    return this.#polls.map((poll) => {
      const state = poll.state === 'open' && this.#isOver ? 'closed' : poll.state;
      const voters = [...poll.votes].toSorted(([one], [other]) => one - other);
      const chosen = voters.map(([, option]) => option).toSorted((one, other) => one - other);
      return {
        ...{ state, chosen, voters: poll.isAnonymous ? [] : voters },
        totals: state === 'closed' ? { votes: chosen.length, counts: countsOf(chosen) } : null,
      };
    });
  }

  get #isOver(): boolean {
    return this.#meeting.status === 'Completed' || this.#meeting.status === 'Cancelled';
  }

  #member(person: number): Place | null {
    const place = this.#meeting.places.get(person);
    return place === undefined || place.removed ? null : place;
  }

  /** A poll that this person may know of. */
  #known(by: number, which: number): { poll: ModelPoll; place: Place } | null {
    const [poll, place] = [this.#polls.at(-1 - which), this.#member(by)];
    if (poll === undefined || place === null) return null;
    return poll.state === 'draft' && poll.creator !== by && !leads(place) ? null : { poll, place };
  }

  #led(by: number, which: number, act: (poll: ModelPoll) => Ending): Ending {
    const known = this.#known(by, which);
    if (known === null) return 'NOT_FOUND';
    const { poll, place } = known;
    if (!leads(place) && (place.role !== 'Presenter' || poll.creator !== by)) return 'FORBIDDEN';
    return this.#meeting.status === 'InProgress' ? act(poll) : 'INVALID_TRANSITION';
  }

  #voting(by: number, which: number, act: (poll: ModelPoll) => Ending): Ending {
    const known = this.#known(by, which);
    if (known === null) return 'NOT_FOUND';
    const { poll, place } = known;
    if (place.role === 'Observer') return 'FORBIDDEN';
    if (this.#meeting.status !== 'InProgress') return 'INVALID_TRANSITION';
    if (place.devices.size === 0) return 'FORBIDDEN';
    if (poll.state !== 'open') return 'POLL_CLOSED';
    if (poll.votes.has(by) && !poll.allowChange) return 'ALREADY_VOTED';
    return act(poll);
  }
}

function leads(place: Place): boolean {
  return place.role === 'Host' || place.role === 'CoHost';
}

const known = new WeakMap<MeetingModel, PollModel>();

/** The polls of a meeting. */
export function pollsOf(meeting: MeetingModel): PollModel {
  const polls = known.get(meeting) ?? new PollModel(meeting);
  known.set(meeting, polls);
  return polls;
}
