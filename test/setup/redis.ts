import { type Daemon, programPath, startDaemon } from './daemon.ts';

const program = programPath('redis-server');

/** Whether tests that need Redis can run here. */
export const hasRedis = program !== null;

/** A Redis that keeps nothing. @param password asked for, where one is given */
export function startRedis(password?: string): Promise<Daemon> {
  return startDaemon(program ?? '', ({ port, directory }) => [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory],
    ...['--save', '', '--appendonly', 'no'],
    ...(password === undefined ? [] : ['--requirepass', password]),
  ]);
}
