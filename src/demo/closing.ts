import type { Outcome } from './outcome.ts';
import { facts, margin, paragraph, type Setting } from './setting.ts';
import { counted } from './wording.ts';

/** The facts of the replay, and whether everything that must hold does. */
export function summaryLines(outcome: Outcome, setting: Setting): string[] {
  const { people, connections, peak, events, inboxEvents, integrity } = outcome;
  const attended = people.filter(({ sessions }) => sessions.length > 0);
  const stays = attended.reduce((sum, { sessions }) => sum + sessions.length, 0);
  const { checked, violations } = integrity;
  const held = new Set(violations.map(({ invariant }) => invariant));
  const broken = violations.map(({ invariant, about, id }) => `${invariant} ${about}: ${id}`);
  return facts(
    [
      [
        'People',
        `${counted(attended.length, 'person', 'people')} over ${counted(connections, 'connection')}, ${counted(stays, 'stay')} in all; the peak was ${counted(peak.people, 'person', 'people')}`,
      ],
      [
        'Events',
        `${events.length} in the meeting's stream, numbered without a gap, and ${inboxEvents} in the streams of its people`,
      ],
      [
        'Integrity',
        violations.length === 0
          ? `${checked.length} checks hold`
          : `${held.size} of ${checked.length} checks found rows that should not be: ${broken.slice(0, 5).join('; ')}`,
      ],
    ],
    setting,
  );
}

/** Ten lines of a host application: the core of examples/quickstart.ts. */
export const embedding = `import { MeetingService } from 'convoke';

const database = { url: 'postgres://…' };
await using service = await MeetingService.open({ database });
service.on('*', (event) => console.log(event.seq, event.type));
const ada = service.as({ userId: adaId });
const bob = service.as({ userId: bobId });
const { id } = await ada.meetings.schedule(appointment);
await ada.invitations.invite(id, { inviteeIds: [bobId] });
await bob.invitations.respond(id, { response: 'Accepted' });
await ada.meetings.start(id);
await bob.participants.join(id);
`;

/**
 * How to begin, and where the data is or how to keep it next time.
 * @param again the command that shows this once more
 */
export function nextSteps(
  kept: { schema: string; meetingId: string } | null,
  again: string,
  setting: Setting,
): string[] {
  const { paint } = setting;
  return [
    ...paragraph(
      "In your own application it begins like this (the repository's examples/quickstart.ts goes on):",
      setting,
    ),
    '',
    ...embedding
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : `${margin}  ${paint('green', line)}`)),
    '',
    ...(kept === null
      ? [
          ...paragraph('To keep the class in a database of yours and look at it with SQL:', setting),
          '',
          `${margin}  ${paint('green', `${again} --url postgres://…`)}`,
        ]
      : [
          ...paragraph('The class stays in your database. To look at it:', setting),
          '',
          `${margin}  ${paint('green', `select seq, occurred_at, type, data from ${kept.schema}.meeting_events`)}`,
          `${margin}  ${paint('green', `where stream_id = '${kept.meetingId}' order by seq;`)}`,
        ]),
  ];
}
