import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { meetingStatuses, participantRoles } from '../../src/core/enums.ts';

const actor = z.enum([...participantRoles, 'Outsider', 'System']);
const status = z.enum(meetingStatuses);
const cell = z.enum(['A', 'D', 'O', 'L', 'F', 'H', 'P']);
const names = z.array(z.string());

const row = z.strictObject({
  op: z.string(),
  scope: z.enum(['meeting', 'series', 'template', 'self', 'none']),
  states: z.array(status),
  Host: cell,
  CoHost: cell,
  Presenter: cell,
  Participant: cell,
  Observer: cell,
  Outsider: cell,
  System: cell,
  flag: z.enum(['canUseChat', 'canShareScreen']).nullable(),
  switch: z.string().nullable(),
  default: z.union([z.boolean(), z.string()]).nullable(),
  own: z.string().nullable(),
  view: z.string().nullable(),
  requires: names,
  requiresIn: z.partialRecord(status, names).optional(),
  ownerPasses: z.literal(true).optional(),
  allows: z.record(z.string(), names.nullable()).optional(),
  fields: z.record(z.string(), names).optional(),
  grants: z.partialRecord(actor, z.array(z.enum(participantRoles))).optional(),
  note: z.string(),
});

const byName = z.record(z.string(), z.string());

const fixture = z.object({
  actors: z.array(actor),
  roles: z.record(z.string(), z.number()),
  states: z.array(status),
  switches: z.record(
    z.string(),
    z.object({ scope: z.string(), values: z.array(z.union([z.boolean(), z.string()])), default: z.unknown() }),
  ),
  predicates: z.record(z.string(), z.object({ else: z.string() })),
  views: byName,
  conditions: z.record(z.string(), z.object({ code: z.string(), stage: z.string() })),
  precedence: names,
  methods: byName,
  perRow: names,
  refinements: z.array(z.object({ method: z.string(), when: z.string(), op: z.string(), how: z.string() })),
  facade: byName,
  systemMethods: byName,
  noMethod: byName,
  rows: z.array(row),
});

export type FixtureRow = z.infer<typeof row>;
export type FixtureActor = z.infer<typeof actor>;

/** The permission matrix as it was agreed on, spelled out cell by cell; the code's own notation is shorter. */
export const matrix = fixture.parse(
  JSON.parse(readFileSync(new URL('../fixtures/permissions.json', import.meta.url), 'utf8')),
);
