import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type PollType, pollTypes } from '../core/enums.ts';
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
  },
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
}

const PollBase: EntityCtor<PollProps> = schema.class;
/** A poll: one row of `meeting_polls`. */
export class Poll extends PollBase {}
schema.setClass(Poll);
