import { parseJson, Problem } from '@closeloop/platform';
import { sha256 } from '@closeloop/contracts';
import { Injectable, Logger } from '@nestjs/common';
import { feedbackOf, type WebhookPayload } from '../domain/webhook-payload.js';
import { refusalOf, type SignedMessage } from '../domain/webhook-signature.js';
import { type RepeatableRequest } from './accept-feedback.js';
import { ShortMemory } from './short-memory.js';
import { WebhookConnectors, type WebhookCredentials } from '../domain/webhook-connectors.js';

/** How long what is known of a connector is believed, in milliseconds. */
const believedMs = 10_000;

export interface ReceivedWebhook {
  readonly source: string;
  readonly payload: WebhookPayload;
  /** The message again, under its id, is the same request. */
  readonly request: RepeatableRequest;
}

/** Lets in what a configured sender has signed. */
@Injectable()
export class ReceiveWebhook {
  private readonly logger = new Logger(ReceiveWebhook.name);
  private readonly known: ShortMemory<WebhookCredentials | undefined>;

  constructor(connectors: WebhookConnectors) {
    this.known = new ShortMemory((name) => connectors.credentials(name), believedMs);
  }

  /**
   * The feedback of a message whose signature is right.
   * @param now the time on the wall
   * @throws Problem `unauthenticated` for an unknown connector, a wrong signature or a time outside of the window: the same answer,
   * so that names cannot be guessed. `invalid` for a payload that is no JSON.
   */
  async receive(name: string, message: SignedMessage & { body: Buffer }, now: Date): Promise<ReceivedWebhook> {
    const connector = await this.known.get(name);
    const keys = (connector?.secrets ?? [])
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .map(({ key }) => key);
    const refusal = refusalOf(message, keys, Math.floor(now.getTime() / 1000));
    if (refusal || !connector) {
      if (connector) this.logger.warn(`a message for the webhook connector ${name} was refused: ${refusal}`);
      throw new Problem('unauthenticated', 'The signature, its time or the address of this webhook is not right.');
    }
    const id = sha256(JSON.stringify([name, message.id]));
    return {
      source: connector.source,
      payload: feedbackOf(parseJson(message.body)),
      request: { source: connector.source, key: `webhook:${id}`, fingerprint: sha256(message.body) },
    };
  }

  /** Forgets what is known of a connector: the next message asks the database. */
  forget(name: string): void {
    this.known.forget(name);
  }
}
