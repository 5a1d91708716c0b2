import { StatusProblem } from './problem-mapping.js';

/** Bodies up to it are let in at once: so many as would fill the memory cannot be under way. */
const SMALL_BYTES = 256 * 1024;
/** Bytes that one of unknown size is counted as until more of it has come. */
const UNKNOWN_BYTES = 1024 * 1024;

/** What one body takes, until it is given back. */
export interface BodyShare {
  /** @throws StatusProblem 503 when bodies have grown to twice the room: one that was packed may turn out to be large */
  grewTo(bytes: number): void;
  release(): void;
}

/**
 * Room for the bodies that are in memory at once, read or being worked on: without a bound, a few dozen of the largest at the same time
 * end the process. A large one waits, unread, until there is room; its sender sees a slow connection.
 */
export class BodyRoom {
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  /** @param bytes that may be taken before others wait */
  constructor(private readonly bytes: number) {}

  /**
   * @param announced bytes, undefined where only reading it can tell
   * @throws StatusProblem 503 when there is no room within `seconds`
   */
  async enter(announced: number | undefined, seconds: number): Promise<BodyShare> {
    let own = announced ?? UNKNOWN_BYTES;
    if (own > SMALL_BYTES && (this.#waiting.length > 0 || !this.#fits(own))) await this.#turn(own, seconds);
    else this.#used += own;
    let released = false;
    return {
      grewTo: (size) => {
        if (released || size <= own) return;
        if (this.#used + size - own > 2 * this.bytes) throw full();
        this.#used += size - own;
        own = size;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#used -= own;
        this.#letIn();
      },
    };
  }

  /** One that is larger than all the room goes alone. */
  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.bytes;
  }

  #turn(bytes: number, seconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const one = {
        bytes,
        go: () => {
          clearTimeout(late);
          resolve();
        },
      };
      const late = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        // Those behind it may be smaller.
        this.#letIn();
        reject(full());
      }, seconds * 1000);
      this.#waiting.push(one);
    });
  }

  #letIn(): void {
    for (let [first] = this.#waiting; first && this.#fits(first.bytes); [first] = this.#waiting) {
      this.#waiting.shift();
      this.#used += first.bytes;
      first.go();
    }
  }
}

const full = () =>
  new StatusProblem(503, 'Too many large bodies are being read at the moment. Nothing was done; try again.', {
    'retry-after': '2',
  });
