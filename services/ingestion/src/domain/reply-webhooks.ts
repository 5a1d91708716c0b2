import { type ReplyRequested } from '@closeloop/contracts';
import { type Sending } from './reply.js';
import { type ReplySender } from './reply-senders.js';

/** Replies handed over by signed HTTP requests. */
export abstract class ReplyWebhooks {
  /** @throws Error for an address that is not to be asked, saying why */
  abstract assertAllowed(url: string): Promise<void>;
  /** `stopping`: waits no more once it is aborted */
  abstract send(
    sender: Extract<ReplySender, { kind: 'webhook' }>,
    reply: ReplyRequested,
    stopping: AbortSignal,
  ): Promise<Sending>;
}
