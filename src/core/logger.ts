/** Facts beside a log line. Never secrets, never people's texts: ids, codes, counts and times only. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where the service reports what no caller waits for (a failing listener, a late relay, a retried job). The shape is the
 * common part of pino, winston and console adapters; a logger that throws is the host's defect and is not caught.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const ignore = (): void => undefined;

/** Says nothing: a library writes nowhere until its host asks for it. */
export const silentLogger: Logger = Object.freeze({ debug: ignore, info: ignore, warn: ignore, error: ignore });
