import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { AgendaItem } from '../agenda/index.ts';
import {
  type NoteStatus,
  noteStatuses,
  type NoteType,
  noteTypes,
  type PriorityLevel,
  priorityLevels,
} from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'Note',
  tableName: 'meeting_notes',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_notes_meeting_id_fkey')
        .index('idx_meeting_notes_meeting_id'),
    agendaItem: () =>
      p
        .manyToOne(AgendaItem)
        .ref()
        .nullable()
        .deleteRule('set null')
        .foreignKeyName('meeting_notes_agenda_item_id_fkey'),
    authorId: p.uuid().index('idx_meeting_notes_author_id'),
    noteType: p.enum(noteTypes).nativeEnumName('note_type'),
    title: p.string().length(255).nullable(),
    content: p.text(),
    isActionItem: p.boolean().default(false).index('idx_meeting_notes_is_action_item'),
    assignedTo: p.uuid().nullable(),
    dueDate: p.date().nullable(),
    priority: p.enum(priorityLevels).nativeEnumName('priority_level').nullable(),
    status: p.enum(noteStatuses).nativeEnumName('note_status').default('Active'),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
  indexes: [
    { name: 'idx_meeting_notes_agenda_item_id', properties: ['agendaItem'], where: 'agenda_item_id is not null' },
  ],
});

/** Columns of `meeting_notes`. */
export interface NoteProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  agendaItem: Ref<AgendaItem> | null | undefined;
  authorId: string;
  noteType: NoteType;
  title: string | null | undefined;
  content: string;
  isActionItem: Opt<boolean>;
  assignedTo: string | null | undefined;
  /** `YYYY-MM-DD`. */
  dueDate: string | null | undefined;
  priority: PriorityLevel | null | undefined;
  status: Opt<NoteStatus>;
  createdAt: Opt<Date>;
  updatedAt: Opt<Date>;
}

const NoteBase: EntityCtor<NoteProps> = schema.class;
/** A note or an action item: one row of `meeting_notes`. */
export class Note extends NoteBase {}
schema.setClass(Note);
