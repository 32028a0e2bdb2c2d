import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const waiting = 'promoted_at is null and left_at is null';

const schema = defineEntity({
  name: 'WaitlistEntry',
  tableName: 'meeting_waitlist_entries',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p.manyToOne(Meeting).ref().deleteRule('cascade').foreignKeyName('meeting_waitlist_entries_meeting_id_fkey'),
    authUserId: p.uuid(),
    enteredAt: p.datetime(),
    promotedAt: p.datetime().nullable(),
    leftAt: p.datetime().nullable(),
  },
  indexes: [
    { name: 'idx_meeting_waitlist_entries_user', properties: ['meeting', 'authUserId'] },
    { name: 'idx_meeting_waitlist_entries_queue', properties: ['meeting', 'enteredAt', 'id'], where: waiting },
  ],
  uniques: [{ name: 'meeting_waitlist_entries_open_key', properties: ['meeting', 'authUserId'], where: waiting }],
});

/** Columns of `meeting_waitlist_entries`: who waits for a seat, first come first served. */
export interface WaitlistEntryProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  authUserId: string;
  /** The place in the queue. */
  enteredAt: Date;
  /** When a seat was given; the wait is over. */
  promotedAt: Date | null | undefined;
  /** When the person gave up or was taken off; the wait is over. */
  leftAt: Date | null | undefined;
}

const WaitlistEntryBase: EntityCtor<WaitlistEntryProps> = schema.class;
/** A person's wait for a seat: one row of `meeting_waitlist_entries`. */
export class WaitlistEntry extends WaitlistEntryBase {}
schema.setClass(WaitlistEntry);
