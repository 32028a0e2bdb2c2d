import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type AgendaType, agendaTypes } from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'AgendaItem',
  tableName: 'meeting_agendas',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_agendas_meeting_id_fkey')
        .index('idx_meeting_agendas_meeting_id'),
    itemOrder: p.integer(),
    title: p.string().length(255),
    description: p.text().nullable(),
    allocatedMinutes: p.integer().nullable(),
    presenterId: p.uuid().nullable(),
    agendaType: p.enum(agendaTypes).nativeEnumName('agenda_type'),
    questId: p.uuid().nullable(),
    resources: p.json<Record<string, unknown>[]>().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
  uniques: [{ name: 'meeting_agendas_meeting_id_item_order_key', properties: ['meeting', 'itemOrder'] }],
});

/** Columns of `meeting_agendas`: one row for each item of an agenda. */
export interface AgendaItemProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  /** Position in the agenda, unique in its meeting. */
  itemOrder: number;
  title: string;
  description: string | null | undefined;
  allocatedMinutes: number | null | undefined;
  presenterId: string | null | undefined;
  agendaType: AgendaType;
  questId: string | null | undefined;
  /** Links to documents and presentations. */
  resources: Record<string, unknown>[] | null | undefined;
  createdAt: Opt<Date>;
  updatedAt: Opt<Date>;
}

const AgendaItemBase: EntityCtor<AgendaItemProps> = schema.class;
/** An item of an agenda: one row of `meeting_agendas`. */
export class AgendaItem extends AgendaItemBase {}
schema.setClass(AgendaItem);
