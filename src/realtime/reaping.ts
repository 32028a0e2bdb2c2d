import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { sweep } from '../core/sweep.ts';
import { endWithNode, type LostNode } from '../participants/index.ts';
import { forgetLostNode, peopleOfNode, takeLostNodes } from './nodes.statements.ts';
import { defaultPresenceSettings } from './presence-settings.ts';

/** Milliseconds after which a lost node is taken up by another, because whoever did before may be lost too. */
const againMs = 15_000;

/**
 * Ends what was carried by processes that show no sign of life: each meeting in a transaction of its own, at the process's last sign
 * of life. That it happens once is due to the meeting's lock, under which only sessions that are still open are ended; so it
 * may be interrupted anywhere, and gone on with by anybody.
 * @param suspicionMs how long a lease must be seen to have run out
 * @returns how many people are gone
 */
export async function reapNodes(
  kernel: Kernel,
  call: Call,
  signal: AbortSignal,
  suspicionMs: number = defaultPresenceSettings.beatMs,
): Promise<number> {
  const lost = await kernel.run(call, (work) => work.run(takeLostNodes, [suspicionMs, againMs]), {
    singleStatement: true,
  });
  const nodes = lost.map(({ id, beat_at: beatAt }) => ({ id, beatAt }));
  return sweep(nodes, signal, (node) => reap(kernel, call, signal, node));
}

async function reap(kernel: Kernel, call: Call, signal: AbortSignal, node: LostNode): Promise<number> {
  const rows = await kernel.read(call, (work) => work.run(peopleOfNode, [node.id]));
  const meetings = Map.groupBy(rows, (row) => row.meeting_id);
  const gone = await sweep([...meetings], signal, ([meetingId, people]) =>
    endWithNode(
      kernel,
      call,
      meetingId,
      node,
      people.map((row) => row.auth_user_id),
    ),
  );
  await kernel.run(call, (work) => work.run(forgetLostNode, [node.id]), { singleStatement: true });
  return gone;
}
