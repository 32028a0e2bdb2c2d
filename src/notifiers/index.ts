export { type MemoryNotifier, memoryNotifier, type Notice, type Notifier } from './notifier.ts';
export { Notices } from './notices.ts';
