import { formatInZone } from '../core/time-zone.ts';
import type { AnyEvent } from '../events/catalogue.ts';
import type { Cast } from './cast.ts';
import { labelled } from './layout.ts';
import { margin, type Setting } from './setting.ts';
import { capitalised, counted, type Place, type Places } from './wording.ts';

const dayPattern = 'EEE d MMM';
const widestDay = 'Mon 11 Mar'.length;

/** What happened before the class, a line for each thing: arranged, asked, answered. @param seats to be accepted, the host's too */
export function appointmentLines(
  events: readonly AnyEvent[],
  { cast, seats }: { cast: Cast; seats: number },
  setting: Setting,
): string[] {
  const { paint, places } = setting;
  const { here, there } = places;
  const clocks = (...texts: [day: string, here: string, there: string]) =>
    margin +
    [widestDay, here.city.length, there.city.length]
      .map((width, index) => (texts[index] ?? '').padEnd(width))
      .join('  ');
  const sentence = sentences(events, cast, seats, places);
  const lines = [paint('dim', clocks('', here.city, there.city))];
  let today = '';
  for (const event of events) {
    const text = sentence(event);
    if (text === null) continue;
    const at = new Date(event.time);
    const day = formatInZone(at, here.zone, dayPattern);
    const label = clocks(
      day === today ? '' : day,
      formatInZone(at, here.zone, 'HH:mm'),
      formatInZone(at, there.zone, 'EEE HH:mm'),
    );
    lines.push(...labelled(label, text, { indent: label.length + 2, width: setting.width }));
    today = day;
  }
  return lines;
}

/** Says an event in words; null for one that another sentence speaks of already. */
function sentences(events: readonly AnyEvent[], cast: Cast, seats: number, places: Places) {
  const { here, there } = places;
  const students = new Set(cast.students.map(({ userId }) => userId));
  const sent = events.filter(({ type }) => type === 'invitation.sent');
  const yes = events.filter((event) => event.type === 'invitation.accepted');
  const together = yes.filter(({ data }) => students.has(data.inviteeId));
  return (event: AnyEvent): string | null => {
    if (event.type === 'meeting.scheduled') {
      const [start, end] = [new Date(event.data.scheduledStartTime), new Date(event.data.scheduledEndTime)];
      const between = ({ zone }: Place, pattern: string) =>
        `${formatInZone(start, zone, pattern)} to ${formatInZone(end, zone, 'HH:mm')}`;
      const times = `${between(here, 'EEEE, HH:mm')} (${between(there, 'HH:mm')} in ${there.city})`;
      return `${cast.host.name} schedules “${event.data.title}” for ${times}, with ${seats} seats`;
    }
    if (event === sent[0]) return `${cast.host.name} invites ${counted(sent.length, 'person', 'people')}`;
    if (event === together[0]) {
      const last = formatInZone(new Date(together.at(-1)?.time ?? event.time), here.zone, 'HH:mm');
      return capitalised(`${counted(together.length, 'student')} accept, the last at ${last}`);
    }
    const isTold = event.type === 'invitation.sent' || together.some((one) => one === event);
    if (isTold || !('inviteeId' in event.data)) return null;
    const name = cast.nameOf(event.data.inviteeId);
    if (event.type === 'invitation.accepted')
      return `${name} accepts${1 + yes.length === seats && event === yes.at(-1) ? ' and takes the last seat' : ''}`;
    if (event.type === 'invitation.waitlisted')
      return `${name} accepts, but no seat is left: place ${event.data.position} in line`;
    if (event.type === 'invitation.tentative') return `${name} says maybe`;
    if (event.type === 'invitation.declined') return `${name} declines after all`;
    return event.type === 'invitation.promoted' ? `${name} gets that seat, in the same transaction` : null;
  };
}
