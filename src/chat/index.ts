export { blanking, chatEvents } from './chat.events.ts';
export type {
  ChatHistory,
  ChatHistoryInput,
  ChatSearchInput,
  EditInput,
  FoundMessage,
  MessageView,
  ReadMark,
  SendInput,
  SendSystemInput,
  TextRange,
  UnreadMessages,
} from './chat.schema.ts';
export { ChatService } from './chat.service.ts';
