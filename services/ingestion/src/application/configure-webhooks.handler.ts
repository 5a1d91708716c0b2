import { randomBytes } from 'node:crypto';
import { invalid } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type Actor } from '../domain/actor.js';
import { keyOfSecret, secretOfKey } from '../domain/webhook-signature.js';
import { ReceiveWebhook } from './receive-webhook.handler.js';
import { WebhookConnectors, type WebhookConnectorView, type WebhookMapping } from '../domain/webhook-connectors.js';

/** Bytes of a secret that we draw. */
const secretBytes = 32;

/** A connector with the secret that was set just now; it is not shown again. */
export type WebhookConnectorWithSecret = WebhookConnectorView & { readonly secret: string };

@Injectable()
export class ConfigureWebhooks {
  constructor(
    private readonly connectors: WebhookConnectors,
    private readonly receiver: ReceiveWebhook,
  ) {}

  /**
   * A new connector, with the secret that the sender gave or one drawn here. Undefined when the name is taken.
   * @throws Problem `invalid` for a secret that is none.
   */
  async create(of: {
    name: string;
    source: string;
    mapping: WebhookMapping;
    secret: string | undefined;
    actor: Actor;
  }): Promise<WebhookConnectorWithSecret | undefined> {
    const key = keyFrom(of.secret);
    const view = await this.connectors.add({ ...of, key });
    this.receiver.forget(of.name);
    return view && { ...view, secret: secretOfKey(key) };
  }

  /** A further secret; the ones before it stay valid for the overlap. Undefined for an unknown name. */
  async rotate(
    name: string,
    change: { secret: string | undefined; overlapSeconds: number; actor: Actor },
  ): Promise<WebhookConnectorWithSecret | undefined> {
    const key = keyFrom(change.secret);
    const view = await this.connectors.rotate(name, { ...change, key });
    this.receiver.forget(name);
    return view && { ...view, secret: secretOfKey(key) };
  }

  /** False for an unknown name. */
  async remove(name: string, actor: Actor): Promise<boolean> {
    const removed = await this.connectors.remove(name, actor);
    this.receiver.forget(name);
    return removed;
  }
}

/** The key of a secret that was given, or one drawn here. @throws Problem `invalid` for a secret that is none */
export function keyFrom(secret: string | undefined): Uint8Array {
  if (secret === undefined) return randomBytes(secretBytes);
  const key = keyOfSecret(secret);
  if (!key) throw invalid('/secret', 'webhookSecret', 'secret must be whsec_ and 24 to 64 bytes in base64');
  return key;
}
