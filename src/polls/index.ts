export { Poll, type PollProps } from './poll.entity.ts';
export { PollResponse, type PollResponseProps } from './poll-response.entity.ts';
