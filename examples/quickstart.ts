// Meetings in ten lines. Run it with: node --conditions=@convoke/source examples/quickstart.ts
// DATABASE_URL=postgres://… takes that database; without it PostgreSQL runs inside this process and forgets everything.
import { randomUUID } from 'node:crypto';
import { MeetingService, type ScheduleInput } from 'convoke';

const url = process.env.DATABASE_URL;
const database = url ? { url } : { pglite: 'memory://' };

// Who people are is your application's business: these ids would come from its user service.
const [adaId, bobId] = [randomUUID(), randomUUID()];

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
const appointment: ScheduleInput = {
  title: 'Graph theory',
  meetingType: 'StudySession',
  scheduledStartTime: inMinutes(5),
  scheduledEndTime: inMinutes(65),
  timezone: 'Europe/Berlin',
};

await using service = await MeetingService.open({ database });
service.on('*', (event) => console.log(event.seq, event.type));
const ada = service.as({ userId: adaId });
const bob = service.as({ userId: bobId });
const { id } = await ada.meetings.schedule(appointment);
await ada.invitations.invite(id, { inviteeIds: [bobId] });
await bob.invitations.respond(id, { response: 'Accepted' });
await ada.meetings.start(id);
await bob.participants.join(id);

await ada.meetings.end(id);
const { totalParticipants, peakConcurrentParticipants } = await ada.engagement.meeting(id);
console.log({ totalParticipants, peakConcurrentParticipants });
