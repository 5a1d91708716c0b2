import { type LoopChanged } from '@closeloop/contracts';

/** Where a loop stands, as it was told when it came there. */
export interface Present {
  /** One that is in the loop */
  readonly feedbackId: string;
  readonly told: LoopChanged;
}

export abstract class PresentStore {
  /** What was told last of each loop that one of these is in, one entry a loop; in the transaction that is given. */
  abstract lastToldOf(transaction: object, feedbackIds: readonly string[]): Promise<Present[]>;
}
