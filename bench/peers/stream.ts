/** How an event is numbered: the same arithmetic for every peer, which reads and writes the head in its own way. */
export interface Head {
  readonly seq: number;
  readonly publicSeq: number;
  readonly publicPrev: number;
  readonly hostsSeq: number;
  readonly hostsPrev: number;
}

export interface Draft {
  readonly id: string;
  readonly type: string;
  readonly audience: 'all' | 'hosts' | 'users';
  readonly actorId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export const newHead: Head = { seq: 0, publicSeq: 0, publicPrev: 0, hostsSeq: 0, hostsPrev: 0 };

/** How streams are stored. */
export const streams = { meeting: 0, user: 1 } as const;

/** Numbers drafts behind a head that is locked; gives each its number and predecessor, and the head as it is then. */
export function numbered<Event extends Draft>(
  kind: number,
  head: Head,
  drafts: readonly Event[],
): { readonly head: Head; readonly events: readonly (Event & { readonly seq: number; readonly prev: number })[] } {
  let { seq, publicSeq, hostsSeq } = head;
  const events = drafts.map((draft) => {
    seq += 1;
    const lane = { all: publicSeq, hosts: hostsSeq, users: 0 }[draft.audience];
    if (draft.audience === 'all') publicSeq = seq;
    if (draft.audience === 'hosts') hostsSeq = seq;
    return { ...draft, seq, prev: kind === streams.user ? seq - 1 : lane };
  });
  return { head: { seq, publicSeq, publicPrev: head.publicSeq, hostsSeq, hostsPrev: head.hostsSeq }, events };
}
