/** Whoever is measured first has to do what everybody else does. */
import type { Contender, OperationName, Operations } from '../operations.ts';
import { analyticsChecks, inviteChecks, rsvpChecks } from './people.ts';
import { heartbeatChecks, joinChecks, leaveChecks, raiseHandChecks, setMediaChecks } from './presence.ts';
import { historyChecks, listUpcomingChecks, sendChatChecks, tallyChecks, voteChecks } from './rooms.ts';
import type { Check, World } from './world.ts';

const checks: Readonly<Record<OperationName, readonly Check[]>> = {
  sendChat: sendChatChecks,
  vote: voteChecks,
  join: joinChecks,
  leave: leaveChecks,
  rsvp: rsvpChecks,
  heartbeat: heartbeatChecks,
  raiseHand: raiseHandChecks,
  setMedia: setMediaChecks,
  listUpcoming: listUpcomingChecks,
  history: historyChecks,
  tally: tallyChecks,
  analytics: analyticsChecks,
  invite: inviteChecks,
};

export const operationNames = Object.keys(checks) as OperationName[];

/** An implementation that does something else than the others is not compared with them. */
export class DoesSomethingElse extends Error {
  override readonly name = 'DoesSomethingElse';
}

/** @returns how many checks were made */
export async function check(
  { operations }: Contender,
  world: World,
  wanted: readonly OperationName[],
): Promise<number> {
  let made = 0;
  for (const name of wanted) {
    if (operations[name] === undefined) continue;
    for (const one of checks[name]) {
      try {
        await one.run(operations as Operations, world);
      } catch (cause) {
        throw new DoesSomethingElse(`${name} ${one.about}`, { cause });
      }
      made++;
    }
  }
  return made;
}
