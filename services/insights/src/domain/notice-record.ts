import { type NoticeSettled } from '@closeloop/contracts';

/** What became of telling customers, in the transaction of a Kafka batch. */
export abstract class NoticeRecord {
  /** The first word on a notice counts. @returns for each whether it is one that was asked for here */
  abstract settle(transaction: object, settled: readonly NoticeSettled[]): Promise<boolean[]>;
}
