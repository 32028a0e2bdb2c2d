import { z } from 'zod';
import { standingOf } from '../core/access.ts';
import type { Call } from '../core/call.ts';
import { MeetingError } from '../core/errors.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
import { current, writeCurrent } from '../core/stale.ts';
import type { Standing } from '../core/standing.ts';
import { validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { runAppending } from '../events/index.ts';
import { type ScreenShareView, screenShareView } from './screen-share.schema.ts';
import {
  type BeginRow,
  openShare,
  screenShareViewOf,
  startShare,
  stopShare,
  takeOverShare,
} from './screen-share.statements.ts';

/** Who shares their screen: one person at a time. */
export class ScreenShareService {
  readonly #kernel: Kernel;
  readonly #call: Call;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
  }

  /**
   * Begins to share one's screen. Whoever shares already goes on with the same share.
   * @throws MeetingError CONFLICT while somebody else shares; `details.sharerId` names them (null when they have just stopped)
   */
  async start(meetingId: string): Promise<ScreenShareView> {
    const target = validId(meetingId);
    const command = { operation: 'screenShare.start', input: { target }, output: screenShareView };
    return this.#kernel.write(this.#call, command, (work) => this.#start(work, target), { singleStatement: true });
  }

  /** Ends the share of whoever is sharing, and begins one's own, in one step. */
  async takeOver(meetingId: string): Promise<ScreenShareView> {
    const target = validId(meetingId);
    const command = { operation: 'screenShare.takeOver', input: { target }, output: screenShareView };
    return writeCurrent(this.#kernel, this.#call, command, (work) => this.#takeOver(work, target));
  }

  /** Stops one's own share; Host and CoHost stop anybody's. Where nobody shares there is nothing to do. */
  async stop(meetingId: string): Promise<void> {
    const target = validId(meetingId);
    const command = { operation: 'screenShare.stop', input: { target }, output: z.literal('done') };
    await writeCurrent(this.#kernel, this.#call, command, (work) => this.#stop(work, target));
  }

  /** The share that is going on; null when nobody shares, and in a meeting that is not running. */
  async current(meetingId: string): Promise<ScreenShareView | null> {
    const target = validId(meetingId);
    return this.#kernel.read(this.#call, async (work) => {
      const { standing } = await this.#kernel.look(work, target);
      authorise('screen.current', standing);
      return openShareOf(work, target);
    });
  }

  async #start(work: Work, meetingId: string): Promise<ScreenShareView> {
    const row = await runAppending(work, startShare, [...this.#parameters(work, meetingId, 'screen.share'), newId()]);
    if (row.share !== null) return screenShareViewOf(row.share);
    const open = row.allowed ? await openShareOf(work, meetingId) : null;
    if (open?.authUserId === work.actorId) return open;
    authorise('screen.share', this.#standing(work, row), {
      conditions: {
        present: row.present === true,
        noOtherSharer: !row.allowed || { details: { sharerId: open?.authUserId ?? null } },
      },
    });
    throw new MeetingError('INTERNAL', 'A share was refused without a reason.');
  }

  async #takeOver(work: Work, meetingId: string): Promise<ScreenShareView | null> {
    const found = await current(work, async () => {
      const parameters = [...this.#parameters(work, meetingId, 'screen.takeOver'), newId(), newId()];
      const row = await runAppending(work, takeOverShare, parameters);
      if (row.share !== null || !row.allowed) return { row, share: row.share, stale: false };
      const open = (await work.run(openShare, [meetingId])).find((share) => share.auth_user_id === work.actorId);
      return { row, share: open ?? null, stale: open === undefined };
    });
    if (found === null) return null;
    if (found.share !== null) return screenShareViewOf(found.share);
    authorise('screen.takeOver', this.#standing(work, found.row), {
      conditions: { present: found.row.present === true },
    });
    throw new MeetingError('INTERNAL', 'A takeover was refused without a reason.');
  }

  async #stop(work: Work, meetingId: string): Promise<'done' | null> {
    const { always, own } = allowedRoles('screen.stop');
    const system = work.principal.kind === 'system';
    const row = await current(work, () =>
      runAppending(work, stopShare, [
        ...[meetingId, work.actorId, work.clockParameter, [...legalStates('screen.stop')]],
        ...[[...always], [...own], system ? 'System' : null, newId(), system ? null : work.actorId],
      ]),
    );
    if (row === null) return null;
    authorise('screen.stop', standingOf(work, row, this.#kernel.ports.switches), {
      own: row.sharer_id === null || row.sharer_id === work.actorId,
    });
    return 'done';
  }

  #parameters(work: Work, meetingId: string, operation: 'screen.share' | 'screen.takeOver') {
    const { always, byFlag } = allowedRoles(operation);
    const states = [...legalStates(operation)];
    return [meetingId, work.actorId, work.clockParameter, states, [...always], [...byFlag], newId()];
  }

  #standing(work: Work, row: BeginRow): Standing {
    const flags = { canUseChat: false, canShareScreen: row.can_share_screen === true };
    return { ...standingOf(work, row, this.#kernel.ports.switches), flags };
  }
}

async function openShareOf(work: Work, meetingId: string): Promise<ScreenShareView | null> {
  const [row] = await work.run(openShare, [meetingId]);
  return row === undefined ? null : screenShareViewOf(row);
}
