/** How a gathering takes from what waits. */
export interface Gathered<Ask> {
  /** Answers taken at once, in their order; all of them fail where it throws. */
  answer(this: void, asks: readonly Ask[]): Promise<readonly unknown[]>;
  /** Whether it may be answered together with the first one; all may where absent */
  alike?(this: void, first: Ask, other: Ask): boolean;
  /** What an ask counts towards `most`; 1 where absent */
  sizeOf?(this: void, ask: Ask): number;
  /** Most that is answered together; the first one is, however large */
  readonly most?: number;
  /** Answers that may be under way at once; 1 where absent */
  readonly lanes?: number;
  /** Milliseconds between the beginnings of two answers, at least: under load fewer and larger ones, while one that comes alone waits for nothing */
  readonly everyMs?: number;
}

interface Waiting<Ask> {
  readonly ask: Ask;
  resolve(this: void, answer: unknown): void;
  reject(this: void, error: unknown): void;
}

/**
 * Answers together what is asked for at the same time: in one turn of the event loop, or while an answer is under way. So what is done at
 * once grows with what waits, and one that comes alone waits for nobody.
 */
export class Gathering<Ask, Answer> {
  readonly #waiting: Waiting<Ask>[] = [];
  #underWay = 0;
  #scheduled = false;
  #lastBegan = -Infinity;

  constructor(private readonly how: Gathered<Ask> & { answer(asks: readonly Ask[]): Promise<readonly Answer[]> }) {}

  ask(ask: Ask): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ ask, resolve: resolve as (answer: unknown) => void, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#underWay >= (this.how.lanes ?? 1)) return;
    this.#scheduled = true;
    const begin = (): void => {
      this.#scheduled = false;
      this.#lastBegan = performance.now();
      void this.#answer(this.#take());
      this.#schedule();
    };
    const early = this.#lastBegan + (this.how.everyMs ?? 0) - performance.now();
    if (early > 0) setTimeout(begin, early);
    else setImmediate(begin);
  }

  /** The first one and all that may go with it, as many as may; never none. */
  #take(): Waiting<Ask>[] {
    const { alike = () => true, sizeOf = () => 1, most = Infinity }: Partial<Gathered<Ask>> = this.how;
    const first = this.#waiting[0]!;
    const taken: Waiting<Ask>[] = [];
    const left: Waiting<Ask>[] = [];
    let size = 0;
    for (const one of this.#waiting) {
      const own = sizeOf(one.ask);
      if (one === first || (size + own <= most && alike(first.ask, one.ask))) {
        taken.push(one);
        size += own;
      } else {
        left.push(one);
      }
    }
    this.#waiting.splice(0, Infinity, ...left);
    return taken;
  }

  async #answer(taken: readonly Waiting<Ask>[]): Promise<void> {
    this.#underWay++;
    try {
      const answers = await this.how.answer(taken.map(({ ask }) => ask));
      for (const [at, { resolve }] of taken.entries()) resolve(answers[at]);
    } catch (error) {
      for (const { reject } of taken) reject(error);
    } finally {
      this.#underWay--;
      this.#schedule();
    }
  }
}
