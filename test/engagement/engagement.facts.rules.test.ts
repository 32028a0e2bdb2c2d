import { describe, expect, test } from 'vitest';
import { countFacts, type MeetingRecords, type RosterRecord } from '../../src/engagement/engagement.facts.rules.ts';

const someone: RosterRecord = {
  ...{ userId: 'ada', role: 'Participant', attended: true, minutes: 0, canUseChat: true, canShareScreen: true },
};

/** Ten minutes with nothing in them. */
function records(of: Partial<MeetingRecords> = {}): MeetingRecords {
  return {
    ...{ durationSeconds: 600, roster: [someone], stays: [], media: [], chat: [], votes: [] },
    ...{ createdPolls: 0, openedPolls: 0, namedPolls: 0, technicalIssues: 0, ...of },
  };
}

const stay = (from: number, to: number | null, userId = 'ada') => ({ userId, from, to });

function minutesOf(seconds: number): number[] {
  return countFacts(records({ stays: [stay(0, seconds)] })).people.map((person) => person.attendanceMinutes);
}

describe('a person', () => {
  test('without a session has no facts, one with an empty session has, and nobody off the roster', () => {
    expect(countFacts(records()).people).toEqual([]);
    const stays = [stay(5, 5), stay(0, 600, 'stranger')];
    expect(countFacts(records({ stays })).people).toMatchObject([{ userId: 'ada', attendanceSeconds: 0 }]);
  });

  test('on two devices is there once, within the meeting, and to the microsecond', () => {
    const stays = [stay(-30, 100), stay(50, 160.000001), stay(300, null)];
    const { people } = countFacts(records({ stays }));
    expect(people).toMatchObject([{ attendanceSeconds: 460.000001, attendanceMinutes: 7 }]);
  });

  test('was not there for a minute that was cut short by a microsecond', () => {
    expect([minutesOf(119.999999), minutesOf(120)]).toEqual([[1], [2]]);
  });

  test('has on only what is on while they are there, and a hand when it goes up', () => {
    const media = [
      { ...stay(50, 150), kind: 'camera' as const },
      { ...stay(90, null), kind: 'camera' as const },
      { ...stay(99.999999, 300), kind: 'hand' as const },
      { ...stay(100, 100), kind: 'hand' as const },
    ];
    const stays = [stay(0, 100), stay(200, 210)];
    expect(countFacts(records({ stays, media })).people).toMatchObject([
      { cameraSeconds: 60, microphoneSeconds: 0, handsRaised: 1 },
    ]);
  });

  test('has what they wrote and how often they voted', () => {
    const chat = [{ userId: 'ada', messages: 3, publicMessages: 2 }];
    const votes = [{ userId: 'ada', polls: 2 }];
    expect(countFacts(records({ stays: [stay(0, 1)], chat, votes })).people).toMatchObject([
      { chatMessages: 3, publicChatMessages: 2, pollsParticipated: 2 },
    ]);
  });
});

describe('a meeting', () => {
  test('that never started has no length and nobody in it', () => {
    const { meeting, people } = countFacts(records({ durationSeconds: null, stays: [stay(0, 60)] }));
    expect([people, meeting]).toMatchObject([[], { durationSeconds: 0, peakConcurrentParticipants: 0 }]);
  });

  test('is as full as its fullest moment', () => {
    const stays = [stay(0, 60), stay(30, 90), stay(60, 120, 'bob'), stay(90, 120, 'eve')];
    const roster = ['ada', 'bob', 'eve'].map((userId) => ({ ...someone, userId }));
    expect(countFacts(records({ roster, stays })).meeting.peakConcurrentParticipants).toBe(2);
  });

  test('has means of those who attended, a half going up', () => {
    const roster = [...[201, 0], ...Array.from({ length: 198 }, () => 0)].map((minutes, index) => ({
      ...someone,
      ...{ userId: String(index), minutes },
    }));
    const absent = { ...someone, userId: 'absent', attended: false, minutes: 50 };
    const stays = [stay(0, 0.1, '0')];
    expect(countFacts(records({ roster: [...roster, absent], stays })).meeting).toMatchObject({
      // 1.005 and 0.0005
      ...{ totalParticipants: 200, averageAttendanceDurationMinutes: 1.01, averageAttendanceSeconds: 0.001 },
    });
  });

  test('that nobody attended has no means', () => {
    expect(countFacts(records({ roster: [] })).meeting).toMatchObject({
      ...{ totalParticipants: 0, averageAttendanceDurationMinutes: null, averageAttendanceSeconds: null },
    });
  });

  test('has used what anybody used, even somebody who was never there', () => {
    const media = [
      { ...stay(0, 10, 'stranger'), kind: 'screen' as const },
      { ...stay(5, 6, 'stranger'), kind: 'screen' as const },
    ];
    const { meeting } = countFacts(records({ media, chat: [{ userId: 'eve', messages: 2, publicMessages: 0 }] }));
    expect(meeting).toMatchObject({ totalScreenShares: 2, totalChatMessages: 2 });
    expect(meeting.used).toEqual({
      ...{ chat: true, screenShare: true, speaking: false, microphone: false, camera: false, hands: false },
    });
  });
});
