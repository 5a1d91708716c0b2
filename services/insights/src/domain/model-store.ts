import { type Count } from './cube.js';
import { type Vocabulary, type ValueId } from './dimension.js';
import { type FeedbackFact } from './feedback-fact.js';
import { type LoopFact, type LoopStep, type Mark, type Return } from './loop-fact.js';

/** Words of a feedback, and what it tells of an order: what goes when it is deleted or its customer erased. */
export interface FeedbackWords {
  readonly feedbackId: string;
  readonly excerpt: string;
  readonly order?: { readonly id?: string; readonly value?: number; readonly currency?: string };
}

/** A loop as it is counted. */
export interface CountedLoop {
  readonly fact: LoopFact;
  /** Those of the fact, and `fcr` */
  readonly marks: readonly Mark[];
}

/** A loop whose marks hang on other feedback: what is needed to count it anew. */
export interface StandingLoop {
  readonly loopId: string;
  readonly openedAt: Date;
  readonly openedBy?: string;
  readonly team: ValueId;
  readonly priority: ValueId;
  readonly responses: number;
  readonly cycle: number;
  readonly resolvedAt?: Date;
  readonly marks: readonly Mark[];
}

/** One whose opening feedback is known by its id */
export type OpenedLoop = StandingLoop & { readonly openedBy: string };
export type ResolvedLoop = Pick<OpenedLoop, 'loopId' | 'openedBy' | 'openedAt' | 'resolvedAt'>;

/** Where a feedback is: of its settlements the last counts. */
export interface Place {
  readonly feedbackId: string;
  readonly settlement: number;
  readonly loopId: string;
}

/** One generation of the read model, within a transaction that no other one writes beside. */
export interface ModelTransaction {
  /** As they stand; without those that are not known */
  feedback(feedbackIds: readonly string[]): Promise<Map<string, FeedbackFact>>;
  saveFeedback(facts: readonly FeedbackFact[], words: readonly FeedbackWords[]): Promise<void>;
  /** Loops that the feedback opened, and resolved ones of the same customers that it may be a coming back to */
  loopsAround(facts: readonly FeedbackFact[]): Promise<OpenedLoop[]>;
  /** Whether the customers of these loops came back on what had opened them; without those that are not resolved */
  returns(loops: readonly ResolvedLoop[]): Promise<Map<string, Return>>;
  saveMarks(loops: readonly Pick<StandingLoop, 'loopId' | 'marks'>[]): Promise<void>;
  /** Keeps steps. @returns those that are new, each once */
  appendSteps(steps: readonly LoopStep[]): Promise<readonly Pick<LoopStep, 'loopId' | 'version'>[]>;
  steps(loopIds: readonly string[]): Promise<Map<string, LoopStep[]>>;
  loops(loopIds: readonly string[]): Promise<Map<string, StandingLoop>>;
  saveLoops(loops: readonly CountedLoop[]): Promise<void>;
  savePlaces(places: readonly Place[]): Promise<void>;
  /** Each place once; the cubes have them as soon as they are asked (CubeCounts) */
  addCounts(counts: readonly Count[]): Promise<void>;
  /** Tells those who listen what has changed, when the transaction is committed. */
  tell(changes: readonly LoopNews[]): Promise<void>;
}

/** A step of a loop, for those who look on. */
export interface LoopNews {
  readonly loopId: string;
  readonly version: number;
  readonly change: string;
  readonly note?: string;
  readonly team: string;
  readonly state: string;
  readonly at: string;
}

/** The read model: what is counted of feedback and loops. */
export abstract class ModelStore {
  /**
   * The generations that a transaction is to write: the one that answers, and, while it is rebuilt, the next. From here on no other
   * transaction writes either.
   * @param rebuild of which rebuild the events are; then they are for the next generation alone, if it is that one's
   */
  abstract within(transaction: object, rebuild?: string): Promise<readonly ModelTransaction[]>;
}

/** Values by their numbers, and the other way round; a number is never another value's. */
export abstract class Dictionary {
  /** The numbers of values; new ones are made, for good whatever becomes of the transaction at hand. */
  abstract numbersOf(
    wanted: ReadonlyMap<Vocabulary, ReadonlySet<string>>,
  ): Promise<(vocabulary: Vocabulary, value: string | null | undefined) => ValueId>;
  /** The numbers of those that are known */
  abstract find(vocabulary: Vocabulary, values: readonly string[]): Promise<Map<string, ValueId>>;
  abstract valuesOf(ids: Iterable<ValueId>): Promise<Map<ValueId, string>>;
}
