import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type PollType, pollTypes, resultsVisibilities, type ResultsVisibility } from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'Poll',
  tableName: 'meeting_polls',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_polls_meeting_id_fkey')
        .index('idx_meeting_polls_meeting_id'),
    creatorId: p.uuid(),
    question: p.text(),
    pollType: p.enum(pollTypes).nativeEnumName('poll_type'),
    options: p.json<string[]>(),
    allowMultipleChoices: p.boolean().default(false),
    isAnonymous: p.boolean().default(false),
    isActive: p.boolean().default(true),
    createdAt: p.datetime().defaultRaw('now()'),
    closedAt: p.datetime().nullable(),
    openedAt: p.datetime().nullable().defaultRaw('now()'),
    closesAt: p.datetime().nullable(),
    resultsVisibility: p.enum(resultsVisibilities).default('afterClose'),
    allowAbstain: p.boolean().default(false),
    allowChange: p.boolean().default(true),
    minChoices: p.integer().nullable(),
    maxChoices: p.integer().nullable(),
    correctOptions: p.json<number[]>().nullable(),
    quorumPercent: p.integer().nullable(),
    entitledVoters: p.integer().nullable(),
    totals: p.json<Record<string, unknown>>().nullable(),
    talliedAt: p.datetime().nullable(),
  },
  indexes: [
    {
      name: 'idx_meeting_polls_closes_at',
      properties: ['closesAt'],
      where: 'is_active and closes_at is not null',
    },
    { name: 'idx_meeting_polls_active', properties: ['meeting'], where: 'is_active' },
  ],
  checks: [
    {
      name: 'meeting_polls_active_check',
      expression: 'is_active = (opened_at is not null and closed_at is null)',
    },
    { name: 'meeting_polls_choices_check', expression: 'min_choices >= 1 and max_choices >= min_choices' },
    { name: 'meeting_polls_quorum_percent_check', expression: 'quorum_percent >= 1 and quorum_percent <= 100' },
  ],
});

/** Columns of `meeting_polls`. */
export interface PollProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  creatorId: string;
  question: string;
  pollType: PollType;
  /** What can be chosen, in order; votes store indices into this list. */
  options: string[];
  allowMultipleChoices: Opt<boolean>;
  isAnonymous: Opt<boolean>;
  isActive: Opt<boolean>;
  createdAt: Opt<Date>;
  closedAt: Date | null | undefined;
  /** Null for a draft. */
  openedAt: Opt<Date> | null | undefined;
  /** No vote counts from then on, whether or not anything has closed the poll yet. */
  closesAt: Date | null | undefined;
  resultsVisibility: Opt<ResultsVisibility>;
  allowAbstain: Opt<boolean>;
  /** While it is open, a later vote replaces the former. */
  allowChange: Opt<boolean>;
  /** How many options a vote must name at least; null is one. */
  minChoices: number | null | undefined;
  /** How many options a vote may name at most; null is all. */
  maxChoices: number | null | undefined;
  /** Indices of the right answers of a quiz. */
  correctOptions: number[] | null | undefined;
  /** The share of entitled voters, 1 to 100, without which the result does not stand. */
  quorumPercent: number | null | undefined;
  /** How many people could have voted; counted once, at the close. */
  entitledVoters: number | null | undefined;
  /** The votes: while the poll is open as they were last announced; counted for good, with `entitledVoters`, at the close. */
  totals: Record<string, unknown> | null | undefined;
  /** When votes were last announced while the poll was open. */
  talliedAt: Date | null | undefined;
}

const PollBase: EntityCtor<PollProps> = schema.class;
/** A poll: one row of `meeting_polls`. */
export class Poll extends PollBase {}
schema.setClass(Poll);
