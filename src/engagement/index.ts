export { engagementEvents } from './engagement.events.ts';
export type { EngagementExplanation, EngagementPart } from './engagement.rules.ts';
export type * from './engagement.schema.ts';
export { EngagementService } from './engagement.service.ts';
export { EngagementMetrics, type EngagementMetricsProps } from './engagement-metrics.entity.ts';
export { MeetingAnalytics, type MeetingAnalyticsProps } from './meeting-analytics.entity.ts';
export { settleEngagement } from './settle-engagement.ts';
