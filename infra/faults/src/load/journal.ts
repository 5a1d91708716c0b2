import { createReadStream, createWriteStream, existsSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createInterface } from 'node:readline';

/** One feedback as it was handed over once; the same feedback sent three times is three of these. */
export interface Submission {
  /** Its place among all of the journal, from 0 */
  readonly no: number;
  readonly phase: string;
  readonly source: string;
  readonly via: 'single' | 'batch' | 'kafka';
  readonly kind: 'created' | 'updated' | 'deleted' | 'poison';
  /** Absent for poison that names nothing */
  readonly feedbackId?: string;
  /** As contracts.md derives it; absent for poison */
  readonly contentHash?: string;
  /** RFC 3339 */
  readonly updatedAt?: string;
}

/** What the sender was told in the end. `written`: Kafka has acknowledged it, which says nothing of what becomes of it. */
export type Answer =
  | { readonly result: 'accepted' | 'revised' | 'duplicate' | 'stale'; readonly revision: number }
  | { readonly result: 'rejected'; readonly status: number }
  | { readonly result: 'written' };

/** A submission and what was heard of it. */
export interface Told {
  readonly submission: Submission;
  /** Times that nothing certain was heard: a cut connection, a timeout, an answer of 5xx */
  undetermined: number;
  /** Absent: it is not known whether it was taken */
  answer?: Answer;
}

/** A change of a loop that somebody was told has happened. */
export interface Transition {
  readonly phase: string;
  readonly loopId: string;
  /** Version of the loop after the event of this change */
  readonly version: number;
  readonly change: string;
  readonly actor: { readonly kind: 'agent' | 'customer'; readonly id?: string };
}

/** One request, and how it went. */
export interface Attempt {
  readonly phase: string;
  readonly what: 'feedback' | 'command' | 'evidence' | 'kafka';
  /** Submissions it carried */
  readonly nos?: readonly number[];
  /** Where it went */
  readonly to: string;
  /** answered: for good; refused: certainly nothing was done; undetermined: nobody knows */
  readonly was: 'answered' | 'refused' | 'undetermined';
  /** A status, or the code of an error */
  readonly told: string;
  readonly ms: number;
}

/** A line of the file. */
type Line =
  | { readonly t: 'begin'; readonly at: string; readonly seed: number }
  | { readonly t: 'phase'; readonly at: string; readonly name: string }
  | { readonly t: 'sends'; readonly at: string; readonly submissions: readonly Submission[] }
  | ({ readonly t: 'attempt'; readonly at: string } & Attempt)
  | { readonly t: 'told'; readonly no: number; readonly answer: Answer }
  | ({ readonly t: 'moved' } & Transition);

/** Of one phase. */
export interface PhaseStats {
  requests: number;
  undetermined: number;
  readonly refused: Record<string, number>;
  /** Milliseconds until the answer, of requests with feedback that were answered at once */
  readonly ms: number[];
}

/**
 * Everything that the load was told, append-only: in memory for the oracle, and in a file as NDJSON while it goes, so that a run can be
 * gone on with and looked at afterwards.
 */
export class Journal {
  readonly #told: Told[] = [];
  readonly #transitions: Transition[] = [];
  readonly #phases = new Map<string, PhaseStats>();
  readonly #file: WriteStream | undefined;
  #phase = 'before';
  #loads = 0;
  #failure: Error | undefined;

  private constructor(file: string | undefined) {
    if (file === undefined) return;
    this.#file = createWriteStream(file, { flags: 'a' });
    this.#file.on('error', (error) => (this.#failure ??= error));
  }

  /** With a file: what stands in it is read first, then added to. @throws where it cannot be read */
  static async open(file?: string): Promise<Journal> {
    const lines: Line[] = [];
    if (file !== undefined && existsSync(file)) {
      for await (const line of createInterface({ input: createReadStream(file) })) {
        // the last line of a run that was killed may be half of one, and an empty one may follow
        try {
          lines.push(JSON.parse(line) as Line);
        } catch {
          continue;
        }
      }
    }
    const journal = new Journal(file);
    // what is added must not become the end of half a line
    if (lines.length > 0) journal.#file?.write('\n');
    for (const line of lines) journal.#take(line);
    return journal;
  }

  /** Everything that was sent, by `no`. */
  get told(): readonly Told[] {
    return this.#told;
  }

  get transitions(): readonly Transition[] {
    return this.#transitions;
  }

  /** In the order in which they began. */
  get phases(): readonly string[] {
    return [...this.#phases.keys()];
  }

  get phase(): string {
    return this.#phase;
  }

  /** How many loads have written into it; the next one names its feedback by this number, so that ids stay unique. */
  get loads(): number {
    return this.#loads;
  }

  stats(phase: string): PhaseStats {
    let stats = this.#phases.get(phase);
    if (!stats) this.#phases.set(phase, (stats = { requests: 0, undetermined: 0, refused: {}, ms: [] }));
    return stats;
  }

  begin(seed: number): void {
    this.#write({ t: 'begin', at: now(), seed });
  }

  beginPhase(name: string): void {
    this.#write({ t: 'phase', at: now(), name });
  }

  /** Notes what is about to be sent, before it is. */
  sends(given: readonly Omit<Submission, 'no' | 'phase'>[]): Told[] {
    const first = this.#told.length;
    const submissions = given.map((one, at): Submission => ({ no: first + at, phase: this.#phase, ...one }));
    this.#write({ t: 'sends', at: now(), submissions });
    return this.#told.slice(first);
  }

  attempted(attempt: Attempt): void {
    this.#write({ t: 'attempt', at: now(), ...attempt });
  }

  answered({ submission: { no } }: Told, answer: Answer): void {
    this.#write({ t: 'told', no, answer });
  }

  moved(transition: Transition): void {
    this.#write({ t: 'moved', ...transition });
  }

  /** All of it is in the file. @throws where it could not be written */
  async close(): Promise<void> {
    if (this.#file && !this.#file.closed) {
      this.#file.end();
      await finished(this.#file).catch((error: Error) => (this.#failure ??= error));
    }
    if (this.#failure) throw this.#failure;
  }

  #write(line: Line): void {
    this.#take(line);
    this.#file?.write(`${JSON.stringify(line)}\n`);
  }

  #take(line: Line): void {
    switch (line.t) {
      case 'begin':
        this.#loads++;
        return;
      case 'phase':
        this.#phase = line.name;
        this.stats(line.name);
        return;
      case 'sends':
        for (const submission of line.submissions) this.#told[submission.no] = { submission, undetermined: 0 };
        return;
      case 'attempt': {
        const stats = this.stats(line.phase);
        stats.requests++;
        if (line.was === 'answered') {
          if (line.what === 'feedback') stats.ms.push(line.ms);
          return;
        }
        const told = nameOf(line);
        stats.refused[told] = (stats.refused[told] ?? 0) + 1;
        if (line.was === 'refused') return;
        stats.undetermined++;
        for (const no of line.nos ?? []) this.#told[no]!.undetermined++;
        return;
      }
      case 'told':
        this.#told[line.no]!.answer = line.answer;
        return;
      case 'moved': {
        const { phase, loopId, version, change, actor } = line;
        this.#transitions.push({ phase, loopId, version, change, actor });
      }
    }
  }
}

/** The loop service asks ingestion whose a connector's key is: 503 says that this one was away, which is told of by itself. */
const nameOf = ({ what, told }: Attempt): string => (what === 'evidence' && told === '503' ? 'evidence 503' : told);

const now = (): string => new Date().toISOString();
