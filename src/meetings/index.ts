export { endMeeting } from './end-meeting.ts';
export type { History } from './history.ts';
export { Meeting } from './meeting.entity.ts';
export { meetingEvents } from './meeting.events.ts';
export type * from './meeting.schema.ts';
export { MeetingsService } from './meeting.service.ts';
