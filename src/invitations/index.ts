export { invitationEvents } from './invitation.events.ts';
export { InvitationService } from './invitation.service.ts';
export type * from './invitation.schema.ts';
export { askAgain, expireDue, lapseInvitations, repairWaitlists, withdrawInvitation } from './lapse.ts';
export { acceptByComing, promoteWaiting, takeSeat } from './waitlist.ts';
