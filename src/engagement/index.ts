export { engagementEvents } from './engagement.events.ts';
export type { EngagementExplanation, EngagementPart } from './engagement.explanation.rules.ts';
export type * from './engagement.schema.ts';
export { EngagementService } from './engagement.service.ts';
export { settleEngagement } from './settle-engagement.ts';
