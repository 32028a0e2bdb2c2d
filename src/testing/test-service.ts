import type { Clock } from '../core/clock.ts';
import { scryptHasher } from '../core/password-hasher.ts';
import type { DatabaseSource } from '../database/connection.ts';
import type { AnyEvent } from '../events/catalogue.ts';
import { MeetingService } from '../meeting-service.ts';
import type { MeetingServiceOptions } from '../options.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';

/** The options of a service, each with what suits a test as its default. */
export interface TestServiceOptions<TestClock extends Clock = FakeClock> extends Omit<
  MeetingServiceOptions,
  'database' | 'clock'
> {
  /** @default a {@link FakeClock} that stands at 2026-03-02T09:00:00Z, a Monday */
  readonly clock?: TestClock;
  /** @default a PostgreSQL of its own inside this process: needs the package `@mikro-orm/pglite` */
  readonly database?: DatabaseSource;
}

/** A service for a test, and what a test looks at. */
export interface TestService<TestClock extends Clock = FakeClock> extends AsyncDisposable {
  readonly service: MeetingService;
  readonly clock: TestClock;
  /** Everything announced so far, oldest first. Empty it with `events.length = 0`. */
  readonly events: AnyEvent[];
  /** Closes the service; with the default database, all data is gone. */
  close(): Promise<void>;
}

/** Fine for passwords in tests, where what takes long is waste. */
const quickHasher = scryptHasher({ ln: 4, r: 1, p: 1 });

/**
 * Opens a service in memory, with a clock that moves only when it is told to. Starting takes a second or two: open one for a
 * test file, and let each test make its own meetings and people.
 *
 * @throws MeetingError NOT_CONFIGURED without the package `@mikro-orm/pglite`
 */
export async function createTestService(options?: TestServiceOptions): Promise<TestService>;
export async function createTestService<TestClock extends Clock>(
  options: TestServiceOptions<TestClock> & { readonly clock: TestClock },
): Promise<TestService<TestClock>>;
export async function createTestService({
  clock = fakeClock('2026-03-02T09:00:00Z'),
  database = { pglite: 'memory://' },
  ...options
}: TestServiceOptions<Clock> = {}): Promise<TestService<Clock>> {
  const service = await MeetingService.open({ passwordHasher: quickHasher, ...options, database, clock });
  const events: AnyEvent[] = [];
  service.on('*', (event) => void events.push(event));
  const close = () => service.close();
  return { service, clock, events, close, [Symbol.asyncDispose]: close };
}
