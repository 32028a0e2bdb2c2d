import { z } from 'zod';
import type { Call } from '../core/call.ts';
import { notFound } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, page, type Page, parsePage } from '../core/page.ts';
import { authorise, seesAll } from '../core/policy.ts';
import { id } from '../core/schema.ts';
import { validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { type EngagementExplanation, explain } from './engagement.explanation.rules.ts';
import {
  analyticsView,
  type EngagementMetricsView,
  type EngagementPageInput,
  engagementPageInput,
  type MeetingAnalyticsView,
} from './engagement.schema.ts';
import { analyticsOf, analyticsViewOf, metricsPage, metricsViewOf } from './engagement.views.statements.ts';
import { readFacts } from './read-facts.ts';
import { settleEngagement } from './settle-engagement.ts';

const list = { kind: 'engagement', values: z.tuple([id]) };

/** Figures about a meeting and its people, once it has ended, and why they are what they are. */
export class EngagementService {
  readonly #kernel: Kernel;
  readonly #call: Call;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
  }

  /** @throws MeetingError NOT_FOUND also for a meeting that has not ended */
  async meeting(meetingId: string): Promise<MeetingAnalyticsView> {
    const target = validId(meetingId);
    return this.#kernel.read(this.#call, async (work) => {
      const { standing } = await this.#kernel.look(work, target);
      authorise('analytics.meeting', standing);
      return this.#analytics(work, target);
    });
  }

  /** One person's figures; everybody may see their own. @throws MeetingError NOT_FOUND for somebody who was not there */
  async participant(meetingId: string, userId: string): Promise<EngagementMetricsView> {
    const [target, person] = [validId(meetingId), validId(userId)];
    return this.#kernel.read(this.#call, async (work) => {
      await this.#mayRead(work, target, person);
      const [row] = await work.run(metricsPage, [target, person, null, 1]);
      if (row === undefined) throw notFound();
      return metricsViewOf(row);
    });
  }

  /** Everybody's figures, by user id; people without the right to all of them get their own. */
  async participants(meetingId: string, input: EngagementPageInput = {}): Promise<Page<EngagementMetricsView>> {
    const target = validId(meetingId);
    const { limit, after } = parsePage(engagementPageInput, input, list);
    return this.#kernel.read(this.#call, async (work) => {
      const { standing } = await this.#kernel.look(work, target);
      authorise('analytics.person', standing, { own: true });
      const all = seesAll('analytics.person', standing.role);
      const rows = await work.run(metricsPage, [target, all ? null : work.actorId, after?.[0] ?? null, limit + 1]);
      return page(rows, limit, (row) => encodeCursor(list.kind, [row.authUserId]), metricsViewOf);
    });
  }

  /** Why a person's score is what it is: parts, weights, raw values, and each in a sentence. */
  async explain(meetingId: string, userId: string): Promise<EngagementExplanation> {
    const [target, person] = [validId(meetingId), validId(userId)];
    return this.#kernel.read(this.#call, async (work) => {
      await this.#mayRead(work, target, person);
      const { people, rubric } = await readFacts(work, target);
      const facts = people.find((one) => one.userId === person);
      if (facts === undefined) throw notFound();
      return explain(facts, rubric);
    });
  }

  /** Counts everything again from what is stored, after a correction or with a newer formula. */
  async recompute(meetingId: string): Promise<MeetingAnalyticsView> {
    const target = validId(meetingId);
    const command = { operation: 'engagement.recompute', input: { target }, output: analyticsView };
    return this.#kernel.write(this.#call, command, async (work) => {
      const { standing } = await this.#kernel.enter(work, target);
      authorise('engagement.recompute', standing);
      await settleEngagement(work, target);
      return this.#analytics(work, target);
    });
  }

  async #mayRead(work: Work, meetingId: string, userId: string): Promise<void> {
    const { standing } = await this.#kernel.look(work, meetingId);
    authorise('analytics.person', standing, { own: userId === work.actorId });
  }

  async #analytics(work: Work, meetingId: string): Promise<MeetingAnalyticsView> {
    const [row] = await work.run(analyticsOf, [meetingId]);
    if (row === undefined) throw notFound();
    return analyticsViewOf(row);
  }
}
