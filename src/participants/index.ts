export {
  endWithConnections,
  endWithNode,
  followNode,
  joinAgain,
  type LostNode,
  type NamedConnection,
} from './carried-sessions.ts';
export { endPresence } from './end-presence.ts';
export { hostSource } from './join.statements.ts';
export { Participant } from './participant.entity.ts';
export { participantEvents } from './participant.events.ts';
export { initialFlags } from './participant.rules.ts';
export type * from './participant.schema.ts';
export { ParticipantService } from './participant.service.ts';
export { closeSilentSessions } from './silent-sessions.ts';
