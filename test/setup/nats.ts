import { type Daemon, programPath, startDaemon } from './daemon.ts';

const program = programPath('nats-server');

/** Whether tests that need NATS can run here. */
export const hasNats = program !== null;

/** A NATS server without JetStream. @param login asked for, where one is given */
export function startNats(login?: { readonly user: string; readonly password: string }): Promise<Daemon> {
  return startDaemon(program ?? '', ({ port }) => [
    ...['--addr', '127.0.0.1', '--port', `${port}`],
    ...(login === undefined ? [] : ['--user', login.user, '--pass', login.password]),
  ]);
}
