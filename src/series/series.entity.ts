import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'Series',
  tableName: 'recurring_meeting_series',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    seriesName: p.string().length(255),
    creatorId: p.uuid(),
    recurrencePattern: p.json<Record<string, unknown>>(),
    seriesStartDate: p.date(),
    seriesEndDate: p.date().nullable(),
    maxOccurrences: p.integer().nullable(),
    templateMeeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .nullable()
        .deleteRule('no action')
        .foreignKeyName('recurring_meeting_series_template_meeting_id_fkey'),
    isActive: p.boolean().default(true),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
  indexes: [
    {
      name: 'idx_recurring_meeting_series_template_meeting_id',
      properties: ['templateMeeting'],
      where: 'template_meeting_id is not null',
    },
  ],
});

/** Columns of `recurring_meeting_series`. */
export interface SeriesProps {
  id: Opt<string>;
  seriesName: string;
  creatorId: string;
  recurrencePattern: Record<string, unknown>;
  /** `YYYY-MM-DD`, the local date of the first occurrence. */
  seriesStartDate: string;
  /** `YYYY-MM-DD`, the last local date, included. */
  seriesEndDate: string | null | undefined;
  maxOccurrences: number | null | undefined;
  /** The hidden meeting that the occurrences are copied from. */
  templateMeeting: Ref<Meeting> | null | undefined;
  isActive: Opt<boolean>;
  createdAt: Opt<Date>;
  updatedAt: Opt<Date>;
}

const SeriesBase: EntityCtor<SeriesProps> = schema.class;
/** A recurring series: one row of `recurring_meeting_series`. */
export class Series extends SeriesBase {}
schema.setClass(Series);
