/**
 * What a meeting is, in a few lines and without a database: the rules as one would tell them to somebody, to be compared with
 * what the service does. It counts people and answers; it knows nothing of locks, rows or statements.
 */
import type { MeetingStatus, ParticipantRole } from '../../src/core/enums.ts';
import type { MeetingErrorCode } from '../../src/core/errors.ts';
import { accept, type Ending, fresh, goAway, isTooLate, type Place, switchMedia, type Wish } from './place.ts';

export type Answer = 'Accepted' | 'Declined' | 'Tentative';

const ahead: readonly MeetingStatus[] = ['Scheduled', 'Postponed'];
const ranks: Record<ParticipantRole, number> = { Host: 5, CoHost: 4, Presenter: 3, Participant: 2, Observer: 1 };
/** Roles that a Host and a CoHost may give. */
const gifts: Partial<Record<ParticipantRole, readonly ParticipantRole[]>> = {
  Host: ['CoHost', 'Presenter', 'Participant', 'Observer'],
  CoHost: ['Presenter', 'Participant', 'Observer'],
};

export class MeetingModel {
  status: MeetingStatus = 'Scheduled';
  readonly places = new Map<number, Place>();
  /** People waiting for an accepted seat, first come first. */
  line: number[] = [];
  readonly openJoin: boolean;
  seats: number | null;
  limit: number | null;

  constructor(options: { host: number; openJoin: boolean; seats: number | null; limit: number | null }) {
    this.openJoin = options.openJoin;
    this.seats = options.seats;
    this.limit = options.limit;
    this.places.set(options.host, { ...fresh(), role: 'Host', status: 'Accepted', invitation: null });
  }

  get present(): number {
    return [...this.places.values()].filter((place) => place.devices.size > 0).length;
  }

  start(by: number): Ending {
    return this.#led(by, ['Host', 'CoHost'], ['Scheduled']) ?? this.#become('InProgress');
  }

  postpone(by: number): Ending {
    return this.#led(by, ['Host', 'CoHost'], ['Scheduled']) ?? this.#become('Postponed');
  }

  reschedule(by: number): Ending {
    const refused = this.#led(by, ['Host', 'CoHost'], ahead);
    if (refused) return refused;
    for (const [person, place] of this.places) {
      const { role, removed, invitation } = place;
      if (role === 'Host' || removed || invitation === null || invitation === 'Expired') continue;
      Object.assign(place, { status: 'Invited', invitation: 'Pending', answered: false });
      if (place.time === 'over') place.time = 'unbounded';
      this.#leaveLine(person);
    }
    return this.#become('Scheduled');
  }

  cancel(by: number): Ending {
    const refused = this.#led(by, ['Host'], ahead);
    if (refused) return refused;
    this.#lapse();
    return this.#become('Cancelled');
  }

  end(by: number): Ending {
    const refused = this.#led(by, ['Host', 'CoHost'], ['InProgress']);
    if (refused) return refused;
    for (const place of this.places.values()) {
      goAway(place);
      if (place.came) {
        place.status = 'Attended';
        accept(place);
      }
      if (place.status === 'Accepted' || place.status === 'Tentative') place.status = 'NoShow';
    }
    this.#lapse();
    return this.#become('Completed');
  }

  invite(by: number, guest: number, bounded: boolean): Ending {
    const refused = this.#led(by, ['Host', 'CoHost'], [...ahead, 'InProgress']);
    if (refused) return refused;
    const known = this.places.get(guest);
    const lapsed = known?.status === 'Invited' && (known.invitation === 'Expired' || isTooLate(known));
    const again = known?.removed === true || lapsed;
    if (guest === by || (known !== undefined && !again)) return 'ok';
    const came = known?.came ?? false;
    // Who kept a place keeps its role.
    const role = known === undefined || known.removed ? 'Participant' : known.role;
    this.places.set(guest, { ...fresh(), role, came, inviter: by, time: bounded ? 'left' : 'unbounded' });
    return 'ok';
  }

  /** Nobody is told, and nothing is done, before the sweep. */
  timeIsUp(): Ending {
    for (const place of this.places.values()) if (place.time === 'left') place.time = 'over';
    return 'ok';
  }

  expire(): Ending {
    for (const place of this.places.values()) if (isTooLate(place)) place.invitation = 'Expired';
    return 'ok';
  }

  respond(person: number, answer: Answer): Ending {
    const place = this.places.get(person);
    if (place === undefined || place.invitation === null) return 'NOT_FOUND';
    if (this.#isOver) return 'INVALID_TRANSITION';
    if (place.invitation === 'Expired' || isTooLate(place)) return 'EXPIRED';
    if (answer !== 'Accepted' && place.role === 'Host') return 'CONFLICT';
    place.answered = true;
    if (answer === 'Accepted' && this.limit !== null) {
      if (place.status === 'Accepted') return 'ok';
      if (this.#taken >= this.limit) {
        Object.assign(place, { status: 'Invited', invitation: 'Pending' });
        if (!this.line.includes(person)) this.line.push(person);
        return 'ok';
      }
    }
    this.#leaveLine(person);
    Object.assign(place, { status: answer, invitation: answer === 'Tentative' ? 'Pending' : answer });
    this.#promote();
    return 'ok';
  }

  revoke(by: number, guest: number): Ending {
    const [actor, place] = [this.#member(by), this.places.get(guest)];
    if (actor === null) return 'NOT_FOUND';
    const mine = place?.invitation === 'Pending' && place.inviter === by;
    const leads = actor.role === 'Host' || actor.role === 'CoHost';
    if (!leads && (!mine || actor.role === 'Observer')) return 'FORBIDDEN';
    if (this.#isOver) return 'INVALID_TRANSITION';
    if (place === undefined || place.invitation === null || place.removed) return 'NOT_FOUND';
    const above = ranks[actor.role] - ranks[place.role];
    if (above < 0 || (above === 0 && !mine)) return 'FORBIDDEN';
    if (place.devices.size > 0) return 'CONFLICT';
    this.#takeOff(guest, place);
    return 'ok';
  }

  join(person: number, device: string): Ending {
    const place = this.places.get(person);
    if (place?.removed === true || (place === undefined && !this.openJoin)) return 'NOT_FOUND';
    if (this.status !== 'InProgress') return 'INVALID_TRANSITION';
    const isHost = place?.role === 'Host';
    const kept = isHost || this.#host.devices.size > 0 ? 0 : 1;
    const inside = (place?.devices.size ?? 0) > 0;
    if (!inside && this.seats !== null && this.present >= this.seats - kept) return 'CAPACITY';
    const seatless = this.limit !== null && place?.status !== 'Accepted' && this.#taken >= this.limit;
    if (seatless && !inside) return 'CAPACITY';
    const arrived = place ?? { ...fresh(), invitation: null };
    this.places.set(person, arrived);
    arrived.devices.add(device);
    arrived.came = true;
    if (!seatless) this.#accept(person, arrived);
    return 'ok';
  }

  /** With one device, or with all. */
  leave(person: number, device: string | null): Ending {
    const place = this.#member(person);
    if (place === null) return 'NOT_FOUND';
    if (this.status !== 'InProgress') return 'INVALID_TRANSITION';
    if (device === null) place.devices.clear();
    else place.devices.delete(device);
    if (place.devices.size === 0) goAway(place);
    return 'ok';
  }

  heartbeat(person: number): Ending {
    return this.#here(person) ?? 'ok';
  }

  raiseHand(person: number): Ending {
    const place = this.#member(person);
    if (place?.role === 'Observer') return 'FORBIDDEN';
    const refused = this.#here(person);
    if (refused === null && place !== null) place.on.add('hand');
    return refused ?? 'ok';
  }

  setMedia(person: number, wish: Wish): Ending {
    const place = this.#member(person);
    if (place?.role === 'Observer') return 'FORBIDDEN';
    const refused = this.#here(person);
    return refused !== null || place === null ? (refused ?? 'NOT_FOUND') : switchMedia(place, wish);
  }

  startShare(person: number): Ending {
    const place = this.#member(person);
    if (place?.role === 'Observer') return 'FORBIDDEN';
    const refused = this.#here(person);
    if (refused !== null || place === null) return refused ?? 'NOT_FOUND';
    if (this.#sharer !== undefined && this.#sharer !== place) return 'CONFLICT';
    place.on.add('screen');
    return 'ok';
  }

  takeOver(person: number): Ending {
    const refused = this.#led(person, ['Host', 'CoHost', 'Presenter'], ['InProgress']) ?? this.#here(person);
    if (refused) return refused;
    this.#sharer?.on.delete('screen');
    this.#member(person)?.on.add('screen');
    return 'ok';
  }

  /** Where nobody shares there is nothing to stop, and nothing to refuse. */
  stopShare(person: number): Ending {
    const place = this.#member(person);
    const any = this.#sharer === undefined || this.#sharer === place;
    const roles = ['Host', 'CoHost', ...(any ? ['Presenter' as const, 'Participant' as const] : [])] as const;
    const refused = this.#led(person, roles, ['InProgress']);
    if (refused) return refused;
    this.#sharer?.on.delete('screen');
    return 'ok';
  }

  remove(by: number, person: number): Ending {
    const refused = this.#over(by, person);
    if (refused) return refused;
    const place = this.places.get(person);
    if (place !== undefined) this.#takeOff(person, place);
    return 'ok';
  }

  setRole(by: number, person: number, role: ParticipantRole): Ending {
    const refused = this.#over(by, person, role);
    const place = this.places.get(person);
    if (refused || place === undefined) return refused ?? 'NOT_FOUND';
    if (role === 'Observer') place.on.clear();
    place.role = role;
    return 'ok';
  }

  transferHost(by: number, person: number): Ending {
    const refused = this.#led(by, ['Host'], [...ahead, 'InProgress']);
    if (refused) return refused;
    const next = this.#member(person);
    if (next === null) return 'NOT_FOUND';
    if (next.status === 'Declined') return 'CONFLICT';
    if (next.role === 'Host') return 'ok';
    if (this.seats !== null && this.present >= this.seats && next.devices.size === 0) return 'CONFLICT';
    this.#host.role = 'CoHost';
    next.role = 'Host';
    this.#accept(person, next);
    return 'ok';
  }

  setSeats(by: number, seats: number | null): Ending {
    const refused = this.#led(by, ['Host', 'CoHost'], [...ahead, 'InProgress']);
    if (refused) return refused;
    const kept = this.status === 'InProgress' && this.#host.devices.size === 0 ? 1 : 0;
    if (seats !== null && seats < this.present + kept) return 'CAPACITY';
    this.seats = seats;
    return 'ok';
  }

  setLimit(by: number, limit: number | null): Ending {
    const refused = this.#led(by, ['Host'], [...ahead, 'InProgress']);
    if (refused) return refused;
    this.limit = limit;
    this.#promote();
    return 'ok';
  }

  get #host(): Place {
    const host = [...this.places.values()].find((place) => place.role === 'Host');
    if (host === undefined) throw new Error('a meeting has a Host');
    return host;
  }

  get #sharer(): Place | undefined {
    return [...this.places.values()].find((place) => place.on.has('screen'));
  }

  get #taken(): number {
    return [...this.places.values()].filter((place) => place.status === 'Accepted' && !place.removed).length;
  }

  get #isOver(): boolean {
    return this.status === 'Completed' || this.status === 'Cancelled';
  }

  #member(person: number): Place | null {
    const place = this.places.get(person);
    return place === undefined || place.removed ? null : place;
  }

  /** Outsiders learn nothing, then the role decides, then the state. */
  #led(by: number, roles: readonly ParticipantRole[], states: readonly MeetingStatus[]): MeetingErrorCode | null {
    const place = this.#member(by);
    if (place === null) return 'NOT_FOUND';
    if (!roles.includes(place.role)) return 'FORBIDDEN';
    return states.includes(this.status) ? null : 'INVALID_TRANSITION';
  }

  /** Hosts act on people of lower rank, and give roles below their own. */
  #over(by: number, person: number, gift?: ParticipantRole): MeetingErrorCode | null {
    const actor = this.#member(by);
    if (actor === null) return 'NOT_FOUND';
    const gives = gifts[actor.role];
    if (gives === undefined) return 'FORBIDDEN';
    const target = this.#member(person);
    if (target === null) return 'NOT_FOUND';
    if (ranks[actor.role] <= ranks[target.role]) return 'FORBIDDEN';
    if (gift !== undefined && !gives.includes(gift)) return 'FORBIDDEN';
    return this.#isOver ? 'INVALID_TRANSITION' : null;
  }

  #here(person: number): MeetingErrorCode | null {
    const place = this.#member(person);
    if (place === null) return 'NOT_FOUND';
    if (this.status !== 'InProgress') return 'INVALID_TRANSITION';
    return place.devices.size > 0 ? null : 'FORBIDDEN';
  }

  #become(status: MeetingStatus): 'ok' {
    this.status = status;
    return 'ok';
  }

  #lapse(): void {
    this.line = [];
    for (const place of this.places.values()) if (place.invitation === 'Pending') place.invitation = 'Expired';
  }

  #takeOff(person: number, place: Place): void {
    goAway(place);
    place.removed = true;
    if (!place.came) place.status = 'Invited';
    if (place.invitation !== null) place.invitation = 'Expired';
    this.#leaveLine(person);
    this.#promote();
  }

  /** By coming, or by taking the meeting over: whatever was answered before, and past any limit. */
  #accept(person: number, place: Place): void {
    place.status = 'Accepted';
    accept(place);
    this.#leaveLine(person);
  }

  #leaveLine(person: number): void {
    this.line = this.line.filter((waiting) => waiting !== person);
  }

  #promote(): void {
    while (this.line.length > 0 && (this.limit === null || this.#taken < this.limit)) {
      const next = this.places.get(this.line.shift() ?? -1);
      if (next !== undefined) Object.assign(next, { status: 'Accepted', invitation: 'Accepted' });
    }
  }
}
