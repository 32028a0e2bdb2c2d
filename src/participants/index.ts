export { endPresence } from './end-presence.ts';
export { Participant } from './participant.entity.ts';
export { participantEvents } from './participant.events.ts';
export { initialFlags } from './participant.rules.ts';
export type * from './participant.schema.ts';
export { ParticipantService } from './participant.service.ts';
export { closeSilentSessions } from './silent-sessions.ts';
