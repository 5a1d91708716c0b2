import { type Answer } from './delivery.js';
import { type Receiver } from './delivery-store.js';
import { type Told } from './told-insight.js';

/** Why an address may not be sent to. `rule`: for a problem document */
export interface UrlRefusal {
  readonly rule: 'url' | 'https' | 'credentials' | 'resolvable' | 'publicAddress';
  readonly message: string;
}

/** Brings things to receivers. */
export abstract class Courier {
  /** Whether mail leaves this installation. */
  abstract readonly sendsMail: boolean;
  /** Whether one may be told to send there; undefined: yes. */
  abstract refusalOf(url: string): Promise<UrlRefusal | undefined>;
  /**
   * One step, or to an e-mail address several. Never throws for what a receiver does.
   * @param id the same for the same, whenever it is sent
   */
  abstract send(receiver: Receiver, id: string, told: readonly Told[], stopping: AbortSignal): Promise<Answer>;
}
