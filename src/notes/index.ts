export { Note, type NoteProps } from './note.entity.ts';
