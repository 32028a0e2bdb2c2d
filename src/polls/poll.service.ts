import { z } from 'zod';
import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { type Page, parsePage } from '../core/page.ts';
import { validate, validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { ballotOf } from './ballot.rules.ts';
import { retract, sealFor, vote } from './cast-vote.ts';
import { closePoll } from './close-polls.ts';
import { createPoll, openPoll } from './create-poll.ts';
import { exportPoll } from './export-poll.ts';
import { getPoll, listPolls, pollList } from './list-polls.ts';
import { results, voterList, voters } from './poll-results.ts';
import {
  type PollInput,
  pollInput,
  type PollPageInput,
  pollPageInput,
  type PollResults,
  pollResults,
  type PollView,
  pollView,
  type VoteInput,
  voteInput,
  voteReceipt,
  type VoterView,
  type VoteView,
} from './poll.schema.ts';

/** Polls and quizzes: asked, voted in, closed, counted. */
export class PollService {
  readonly #kernel: Kernel;
  readonly #call: Call;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
  }

  /**
   * Asks the people of a meeting something. Before the meeting starts only a draft can be made, which `open` opens.
   * @throws MeetingError NOT_CONFIGURED for an anonymous poll where the service has no secret for them
   */
  async create(meetingId: string, poll: PollInput): Promise<PollView> {
    const target = validId(meetingId);
    const wish = validate(pollInput, poll);
    return this.#ask('polls.create', { target, wish }, (work) => createPoll(this.#kernel, work, target, wish));
  }

  /** Opens a draft. @throws MeetingError CONFLICT for a poll that has been open before, or whose closing time has passed */
  async open(pollId: string): Promise<PollView> {
    const target = validId(pollId);
    return this.#ask('polls.open', { target }, (work) => openPoll(this.#kernel, work, target));
  }

  /**
   * Votes, or votes differently where the poll allows it.
   * @throws MeetingError POLL_CLOSED; ALREADY_VOTED; VALIDATION for a vote of another kind than the poll asks for
   */
  async vote(pollId: string, input: VoteInput): Promise<VoteView> {
    const target = validId(pollId);
    const wish = validate(voteInput, input);
    const ballot = ballotOf(wish);
    const { respondedAt } = await this.#voting('polls.vote', target, wish, voteReceipt, async (work) => ({
      respondedAt: await vote(this.#kernel, work, target, ballot),
    }));
    // From the input, not from what a key keeps: beside an anonymous poll there must be no other trace of the choice.
    return Object.freeze({
      ...{ pollId: target, selectedOptions: Object.freeze([...ballot.selected]), rating: wish.rating ?? null },
      ...{ responseText: ballot.text, respondedAt },
    });
  }

  /** Withdraws one's own vote; without one, nothing happens. @throws MeetingError as `vote` does */
  async retract(pollId: string): Promise<void> {
    const target = validId(pollId);
    await this.#voting('polls.retract', target, {}, z.null(), async (work) => {
      await retract(this.#kernel, work, target);
      return null;
    });
  }

  /** Closes a poll for good, and fixes its result. @throws MeetingError POLL_CLOSED when it is closed already, or was never open */
  async close(pollId: string): Promise<PollResults> {
    const target = validId(pollId);
    const command = { operation: 'polls.close', input: { target }, output: pollResults };
    return this.#kernel.write(this.#call, command, (work) => closePoll(this.#kernel, work, target));
  }

  /**
   * What the votes have come to: while the poll is open for hosts and its creator, and for others as it was asked to be; once it is
   * closed for everybody, unless it is for hosts only.
   */
  async results(pollId: string): Promise<PollResults> {
    const target = validId(pollId);
    return this.#kernel.read(this.#call, (work) => results(this.#kernel, work, target));
  }

  /** Who voted for what, in the order of the votes. @throws MeetingError FORBIDDEN to everybody for an anonymous poll */
  async voters(pollId: string, input: PollPageInput = {}): Promise<Page<VoterView>> {
    const target = validId(pollId);
    const options = parsePage(pollPageInput, input, voterList);
    return this.#kernel.read(this.#call, (work) => voters(this.#kernel, work, target, options));
  }

  /** A poll without its result, with one's own vote. */
  async get(pollId: string): Promise<PollView> {
    const target = validId(pollId);
    return this.#kernel.read(this.#call, (work) => getPoll(this.#kernel, work, target));
  }

  /** A meeting's polls, oldest first. Drafts are shown to hosts and to whoever made them. */
  async list(meetingId: string, input: PollPageInput = {}): Promise<Page<PollView>> {
    const target = validId(meetingId);
    const options = parsePage(pollPageInput, input, pollList);
    return this.#kernel.read(this.#call, (work) => listPolls(this.#kernel, work, target, options));
  }

  /**
   * A poll as CSV (RFC 4180): a row for each voter, or where voters are not known a row for each option. Cells that a spreadsheet would
   * take for a formula are made harmless.
   */
  async exportCsv(pollId: string): Promise<string> {
    const target = validId(pollId);
    return this.#kernel.read(this.#call, (work) => exportPoll(this.#kernel, work, target));
  }

  /** Nobody has voted in what was just made or opened, so a key remembers no vote either. */
  async #ask(operation: string, input: unknown, body: (work: Work) => Promise<PollView>): Promise<PollView> {
    const command = { operation, input, output: pollView };
    const poll = await this.#kernel.write(this.#call, command, async (work) => {
      const { myVote: _none, ...asked } = await body(work);
      return asked;
    });
    return Object.freeze({ ...poll, myVote: null });
  }

  /** One statement; with a key, remembered under seal where it is a secret who votes. */
  async #voting<T>(
    operation: string,
    pollId: string,
    wish: object,
    output: z.ZodType<T>,
    body: (work: Work) => Promise<T>,
  ): Promise<T> {
    const seal =
      this.#call.idempotencyKey === null
        ? null
        : await this.#kernel.read(this.#call, (work) => sealFor(this.#kernel, work, pollId));
    const command = { operation, input: { pollId, wish }, output, seal };
    return this.#kernel.write(this.#call, command, body, { singleStatement: true });
  }
}
