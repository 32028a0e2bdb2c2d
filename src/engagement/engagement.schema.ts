import { z } from 'zod';
import { id, instant, pageInput } from '../core/schema.ts';

/** The figures of a meeting that has ended. */
export const analyticsView = z.strictObject({
  id,
  meetingId: id,
  totalParticipants: z.number(),
  /** Mean of the whole minutes of those who attended. */
  averageAttendanceDurationMinutes: z.number().nullable(),
  averageAttendanceSeconds: z.number().nullable(),
  /** Most distinct people present at one time. */
  peakConcurrentParticipants: z.number(),
  totalChatMessages: z.number(),
  totalScreenShares: z.number(),
  totalPollsCreated: z.number(),
  /** 0 to 100; null when nobody is scored. */
  engagementScore: z.number().nullable(),
  /** Problems that were reported, and connections that were lost. */
  technicalIssuesCount: z.number(),
  recordingDurationMinutes: z.number().nullable(),
  formulaVersion: z.string().nullable(),
  /** What counted in this meeting. */
  coverage: z.record(z.string(), z.unknown()).nullable(),
  createdAt: instant,
});
export type MeetingAnalyticsView = Readonly<z.output<typeof analyticsView>>;

/** What one person's part in a meeting came to. */
export interface EngagementMetricsView {
  readonly id: string;
  readonly meetingId: string;
  readonly authUserId: string;
  readonly attendanceDurationMinutes: number;
  readonly attendanceSeconds: number | null;
  readonly chatMessagesSent: number;
  readonly pollsParticipated: number;
  readonly screenShareDurationMinutes: number;
  readonly microphoneActiveMinutes: number;
  readonly cameraActiveMinutes: number;
  /** Exact; null where nothing was measured. */
  readonly screenShareSeconds: number | null;
  /** Unmuted. */
  readonly microphoneSeconds: number | null;
  /** Heard. */
  readonly speakingSeconds: number | null;
  readonly cameraSeconds: number | null;
  /** 0 to 100; null for hosts, unless their scoring was asked for. */
  readonly engagementScore: number | null;
  readonly formulaVersion: string | null;
  readonly createdAt: Date;
}

export const engagementPageInput = pageInput;
export type EngagementPageInput = z.input<typeof engagementPageInput>;
