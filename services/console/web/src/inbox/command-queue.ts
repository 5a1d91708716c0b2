/** Something that is to be done with a loop. */
export interface Command {
  readonly loopId: string;
  /** As it was seen */
  readonly version: number;
  /** As the loop service calls it: `acknowledge` */
  readonly name: string;
  readonly body?: object;
}

/** What came of one. */
export interface Outcome {
  readonly command: Command;
  readonly error?: Error;
}

/** Commands that were given together, and can be taken back together until they are sent. */
export interface Batch {
  readonly id: number;
  readonly commands: readonly Command[];
}

type Send = (command: Command, leaving: boolean) => Promise<unknown>;

/** How many are on the way at once. */
const atOnce = 4;

/**
 * Holds commands back for some seconds, in which they can be undone: the service itself takes nothing back. Whatever is held is sent
 * before another command for the same loop, and when the page is left.
 */
export class CommandQueue {
  #batches: readonly Batch[] = [];
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #watchers = new Set<() => void>();
  #last = 0;

  constructor(
    private readonly send: Send,
    private readonly done: (batch: Batch, outcomes: readonly Outcome[]) => void,
    private readonly delayMs = 5_000,
  ) {}

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Those that are held, oldest first; the same array until that changes. */
  readonly held = (): readonly Batch[] => this.#batches;

  add(commands: readonly Command[]): Batch {
    const loops = new Set(commands.map(({ loopId }) => loopId));
    for (const batch of this.#batches) {
      if (batch.commands.some(({ loopId }) => loops.has(loopId))) void this.#release(batch);
    }
    const batch = { id: ++this.#last, commands };
    this.#become([...this.#batches, batch]);
    this.#timers.set(
      batch.id,
      setTimeout(() => void this.#release(batch), this.delayMs),
    );
    return batch;
  }

  /** Takes back the last one, or that one; undefined where it is sent already. */
  undo(id = this.#batches.at(-1)?.id): Batch | undefined {
    const batch = this.#batches.find((one) => one.id === id);
    if (batch) this.#forget(batch);
    return batch;
  }

  /** Sends what is held for a loop, or all of it, and waits for what comes of it. */
  async flush(loopId?: string): Promise<void> {
    const due = this.#batches.filter(
      ({ commands }) => loopId === undefined || commands.some((command) => command.loopId === loopId),
    );
    await Promise.all(due.map((batch) => this.#release(batch)));
  }

  /** The page is left: nobody waits, and nothing is lost. */
  leave(): void {
    for (const batch of this.#batches) {
      this.#forget(batch);
      for (const command of batch.commands) this.send(command, true).catch(() => undefined);
    }
  }

  async #release(batch: Batch): Promise<void> {
    if (!this.#forget(batch)) return;
    const waiting = [...batch.commands];
    const outcomes: Outcome[] = [];
    const worker = async () => {
      for (let command = waiting.shift(); command; command = waiting.shift()) {
        try {
          await this.send(command, false);
          outcomes.push({ command });
        } catch (error) {
          outcomes.push({ command, error: error as Error });
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    this.done(batch, outcomes);
  }

  #forget(batch: Batch): boolean {
    if (!this.#batches.includes(batch)) return false;
    clearTimeout(this.#timers.get(batch.id));
    this.#timers.delete(batch.id);
    this.#become(this.#batches.filter((one) => one !== batch));
    return true;
  }

  #become(batches: readonly Batch[]): void {
    this.#batches = batches;
    for (const watcher of this.#watchers) watcher();
  }
}
