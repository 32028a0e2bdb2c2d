import type { MeetingEngagementFacts, PersonEngagementFacts } from '../../src/engagement/engagement.formula.ts';

const everythingUsed = {
  chat: true,
  speaking: true,
  microphone: true,
  camera: true,
  hands: true,
  screenShare: true,
} as const;

/** An hour with two named polls and an anonymous one, where every means was used. */
export function meeting(facts: Partial<MeetingEngagementFacts> = {}): MeetingEngagementFacts {
  return { durationSeconds: 3600, namedPolls: 2, openedPolls: 3, used: everythingUsed, ...facts };
}

/** Somebody who was there all the time and did nothing. */
export function person(facts: Partial<PersonEngagementFacts> = {}): PersonEngagementFacts {
  return {
    userId: 'ada',
    role: 'Participant',
    attendanceSeconds: 3600,
    chatMessages: 0,
    publicChatMessages: 0,
    pollsParticipated: 0,
    speakingSeconds: 0,
    microphoneSeconds: 0,
    cameraSeconds: 0,
    screenShareSeconds: 0,
    handsRaised: 0,
    canUseChat: true,
    canShareScreen: true,
    ...facts,
  };
}

/** Reaches every target of an hour's meeting with two polls. */
export const tireless = person({
  chatMessages: 4,
  publicChatMessages: 4,
  pollsParticipated: 2,
  speakingSeconds: 108,
  microphoneSeconds: 360,
  cameraSeconds: 1800,
  screenShareSeconds: 180,
  handsRaised: 2,
});
