import { expect } from 'vitest';
import { runFile } from '../cli/run-command.ts';
import { test } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';

test(
  'the first example runs on the database it is given and tells what happened',
  { timeout: 120_000 },
  async ({ url }) => {
    const { code, stdout, stderr } = await runFile('examples/quickstart.ts', [], { DATABASE_URL: url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const type of ['meeting.scheduled', 'invitation.accepted', 'participant.joined', 'meeting.ended'])
      expect(stdout).toContain(` ${type}\n`);
    expect(stdout).toContain('{ totalParticipants: 1, peakConcurrentParticipants: 1 }');
    const meetings = await execute<{ status: string }>(url, 'select status from convoke.meetings');
    expect(meetings).toEqual([{ status: 'Completed' }]);
    await expectIntegrity(url);
  },
);
