export { announceTallies } from './announce-tallies.ts';
export { closeDuePolls, closeOpenPolls } from './close-polls.ts';
export { pollEvents } from './poll.events.ts';
export type * from './poll.schema.ts';
export { PollService } from './poll.service.ts';
