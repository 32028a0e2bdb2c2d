/**
 * What a host's own tests need: a service in memory, a clock that stands still, and ports that remember what they were given.
 */
export { memoryGroups, memoryUsers, type MemoryUser } from '../directory/index.ts';
export { type MemoryNotifier, memoryNotifier } from '../notifiers/index.ts';
export { type MemoryTransport, memoryTransport } from '../transports/index.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { createTestService, type TestService, type TestServiceOptions } from './test-service.ts';
