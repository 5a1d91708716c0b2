import { useEffect, useSyncExternalStore } from 'react';
import { type LoopState } from './loops.js';

/** A step of a loop of a team that one may see. */
export interface LoopChange {
  readonly loopId: string;
  readonly version: number;
  readonly change: string;
  readonly note?: string;
  readonly team: string;
  readonly state: LoopState;
  readonly at: string;
}

/** live: steps arrive as they happen; polling: the stream is away, and lists are asked for again from time to time */
export type Liveness = 'connecting' | 'live' | 'polling';

const address = '/api/insights/v1/changes';
/** How long after the stream was refused it is tried again, milliseconds. */
const againMs = 30_000;
/** How often lists are asked for again without it, milliseconds. */
export const pollingMs = 15_000;

/** One stream for the whole page, open while anybody listens. */
class Changes {
  readonly #listeners = new Set<(change: LoopChange) => void>();
  readonly #watchers = new Set<() => void>();
  #source: EventSource | undefined;
  #again: number | undefined;
  #liveness: Liveness = 'connecting';

  listen(listener: (change: LoopChange) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#source && this.#again === undefined) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly liveness = (): Liveness => this.#liveness;

  #open(): void {
    this.#again = undefined;
    const source = new EventSource(address);
    this.#source = source;
    source.addEventListener('open', () => this.#become('live'));
    source.addEventListener('loop', ({ data }: MessageEvent<string>) => {
      const change = JSON.parse(data) as LoopChange;
      for (const listener of this.#listeners) listener(change);
    });
    source.addEventListener('error', () => {
      this.#become('polling');
      // a connection that broke is taken up again by the browser itself; one that was refused is not
      if (source.readyState !== EventSource.CLOSED) return;
      this.#source = undefined;
      this.#again = window.setTimeout(() => this.#open(), againMs);
    });
  }

  #close(): void {
    window.clearTimeout(this.#again);
    this.#again = undefined;
    this.#source?.close();
    this.#source = undefined;
    this.#become('connecting');
  }

  #become(liveness: Liveness): void {
    if (this.#liveness === liveness) return;
    this.#liveness = liveness;
    for (const watcher of this.#watchers) watcher();
  }
}

const changes = new Changes();

/** Hears of every step while the component is there. */
export function useChanges(listener: (change: LoopChange) => void): void {
  useEffect(() => changes.listen(listener), [listener]);
}

export const useLiveness = (): Liveness => useSyncExternalStore(changes.watch, changes.liveness);
