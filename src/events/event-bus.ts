import { EventEmitter } from 'eventemitter3';
import type { StreamEvent } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';

/** Receives an event after its commit. What it throws or rejects with is logged and harms nobody. */
export type EventListener<Event extends StreamEvent = StreamEvent> = (event: Event) => void | Promise<void>;

/**
 * In-process events. Each listener is fenced off: a bare emitter would let the first one that throws take the others,
 * and the caller, down with it; a rejection nobody awaits would end the host's process.
 */
export class EventBus {
  readonly #emitter = new EventEmitter<Record<string, [StreamEvent]>>();
  readonly #fenced = new Map<EventListener<never>, Map<string, (event: StreamEvent) => void>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** `name` is an event type, or '*' for all. Listening twice with the same function counts once. */
  on(name: string, listener: EventListener): void {
    this.#add(name, listener, () => {});
  }

  /** As `on`, for the next event only. */
  once(name: string, listener: EventListener): void {
    this.#add(name, listener, () => this.off(name, listener));
  }

  #add(name: string, listener: EventListener, heard: () => void): void {
    const byName = this.#fenced.get(listener) ?? new Map<string, (event: StreamEvent) => void>();
    if (byName.has(name)) return;
    const fenced = (event: StreamEvent) => {
      heard();
      this.#call(name, listener, event);
    };
    byName.set(name, fenced);
    this.#fenced.set(listener, byName);
    this.#emitter.on(name, fenced);
  }

  off(name: string, listener: EventListener): void {
    const byName = this.#fenced.get(listener);
    const fenced = byName?.get(name);
    if (byName === undefined || fenced === undefined) return;
    this.#emitter.off(name, fenced);
    byName.delete(name);
    if (byName.size === 0) this.#fenced.delete(listener);
  }

  emit(events: readonly StreamEvent[]): void {
    for (const event of events) {
      this.#emitter.emit(event.type, event);
      this.#emitter.emit('*', event);
    }
  }

  clear(): void {
    this.#emitter.removeAllListeners();
    this.#fenced.clear();
  }

  #call(name: string, listener: EventListener, event: StreamEvent): void {
    const failed = (error: unknown) =>
      this.#logger.error('an event listener failed', { listener: name, event: event.id, error });
    try {
      // Not `instanceof`: a promise of another realm or library rejects just as loudly.
      Promise.resolve(listener(event)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
