import { defineEntity, type EntityCtor, type Opt, p } from '@mikro-orm/core';
import { type TemplateType, templateTypes } from '../core/enums.ts';

const schema = defineEntity({
  name: 'Template',
  tableName: 'meeting_templates',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    name: p.string().length(255),
    description: p.text().nullable(),
    templateType: p.enum(templateTypes).nativeEnumName('template_type').index('idx_meeting_templates_template_type'),
    creatorId: p.uuid().index('idx_meeting_templates_creator_id'),
    defaultDurationMinutes: p.integer().default(60),
    defaultAgenda: p.json<Record<string, unknown>[]>().nullable(),
    defaultSettings: p.json<Record<string, unknown>>().nullable(),
    isPublic: p.boolean().default(false).index('idx_meeting_templates_is_public'),
    usageCount: p.integer().default(0),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

/** Columns of `meeting_templates`. */
export interface TemplateProps {
  id: Opt<string>;
  name: string;
  description: string | null | undefined;
  templateType: TemplateType;
  creatorId: string;
  defaultDurationMinutes: Opt<number>;
  defaultAgenda: Record<string, unknown>[] | null | undefined;
  defaultSettings: Record<string, unknown> | null | undefined;
  isPublic: Opt<boolean>;
  /** How many meetings were made from it. */
  usageCount: Opt<number>;
  createdAt: Opt<Date>;
  updatedAt: Opt<Date>;
}

const TemplateBase: EntityCtor<TemplateProps> = schema.class;
/** A template of meetings: one row of `meeting_templates`. */
export class Template extends TemplateBase {}
schema.setClass(Template);
