import type { LoopTeam, SettledPlace } from './whose.js';

/** Where it is kept whose each feedback is. */
export abstract class WhoseStore {
  /** Keeps what is later than what stands, in a transaction that is given. */
  abstract note(
    transaction: object,
    told: { readonly loops: readonly LoopTeam[]; readonly places: readonly SettledPlace[] },
  ): Promise<void>;
  /** The team that has it; undefined while that is not known, or nobody's */
  abstract teamOf(feedbackId: string): Promise<string | undefined>;
}
