export { Attachment, type AttachmentProps } from './attachment.entity.ts';
