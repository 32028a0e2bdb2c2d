/**
 * A process that consumes: `node consuming-process.ts <url> <name> <leaseMs>`. Prints a line for each event that it was given, and one
 * once it has handled it, which takes until it reads a line for it.
 */
import { createInterface } from 'node:readline';
import { MeetingService } from '../../src/meeting-service.ts';

const [url = '', name = '', leaseMs = ''] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const service = await MeetingService.open({ database: { url }, migrate: false });
const print = (line: string) => process.stdout.write(`${line}\n`);
await service.consume(
  name,
  async (events, signal) => {
    for (const { id } of events) {
      print(`given ${id}`);
      await lines.next();
      print(`${signal.aborted ? 'too late' : 'done'} ${id}`);
    }
  },
  { pollMs: 20, leaseMs: Number(leaseMs), batchSize: 1 },
);
print('ready');
