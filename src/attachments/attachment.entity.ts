import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'Attachment',
  tableName: 'meeting_attachments',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_attachments_meeting_id_fkey')
        .index('idx_meeting_attachments_meeting_id'),
    uploaderId: p.uuid(),
    fileName: p.string().length(255),
    filePath: p.text(),
    fileSizeBytes: p.bigint('number'),
    mimeType: p.string().length(100),
    description: p.text().nullable(),
    isPresentation: p.boolean().default(false),
    uploadedAt: p.datetime().defaultRaw('now()'),
  },
});

/** Columns of `meeting_attachments`; the bytes live behind the storage port. */
export interface AttachmentProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  uploaderId: string;
  /** As the uploader named it, for people; never a path. */
  fileName: string;
  /** The storage's key. */
  filePath: string;
  fileSizeBytes: number;
  mimeType: string;
  description: string | null | undefined;
  isPresentation: Opt<boolean>;
  uploadedAt: Opt<Date>;
}

const AttachmentBase: EntityCtor<AttachmentProps> = schema.class;
/** A file of a meeting: one row of `meeting_attachments`. */
export class Attachment extends AttachmentBase {}
schema.setClass(Attachment);
