/** The throw-away PostgreSQL of a test run or a script: fast, and gone without a trace. */
import { createDataDirectory, removeDataDirectory, startPostmaster, stopPostmaster } from './postmaster.ts';

export interface Server {
  url: string;
  stop(): Promise<void>;
}

// Nothing here has to survive a crash, and waiting for disks would be most of a run.
const settings = { max_connections: 200, fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

export async function startServer(): Promise<Server> {
  const directory = await createDataDirectory();
  const postmaster = await startPostmaster(directory, settings);
  const cleanUp = () => {
    postmaster.process.kill('SIGINT');
    removeDataDirectory(directory);
  };
  process.once('exit', cleanUp);
  return {
    url: directory.url,
    async stop() {
      process.off('exit', cleanUp);
      await stopPostmaster(postmaster);
      removeDataDirectory(directory);
    },
  };
}
