import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { Poll } from './poll.entity.ts';

const schema = defineEntity({
  name: 'PollResponse',
  tableName: 'meeting_poll_responses',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    poll: () => p.manyToOne(Poll).ref().deleteRule('cascade').foreignKeyName('meeting_poll_responses_poll_id_fkey'),
    respondentId: p.uuid(),
    selectedOptions: p.json<number[]>(),
    responseText: p.text().nullable(),
    respondedAt: p.datetime().defaultRaw('now()'),
  },
  uniques: [{ name: 'meeting_poll_responses_poll_id_respondent_id_key', properties: ['poll', 'respondentId'] }],
});

/** Columns of `meeting_poll_responses`: one row for each voter. */
export interface PollResponseProps {
  id: Opt<string>;
  poll: Ref<Poll>;
  /** A user id, or the pseudonym that stands for one in an anonymous poll. */
  respondentId: string;
  /** Indices into the poll's options, from 0. */
  selectedOptions: number[];
  responseText: string | null | undefined;
  respondedAt: Opt<Date>;
}

const PollResponseBase: EntityCtor<PollResponseProps> = schema.class;
/** A vote: one row of `meeting_poll_responses`. */
export class PollResponse extends PollResponseBase {}
schema.setClass(PollResponse);
