import { type Actor } from './actor.js';

/** How a connector's payload becomes feedback. */
export const webhookMappings = ['feedback-input.v1'] as const;
export type WebhookMapping = (typeof webhookMappings)[number];

export interface WebhookConnectorView {
  /** Last part of the address that the sender is given: `/v1/webhooks/<name>` */
  readonly name: string;
  readonly source: string;
  readonly mapping: WebhookMapping;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** Secrets that are or were valid, the newest first; never the secrets themselves. */
  readonly secrets: readonly {
    readonly id: string;
    readonly createdAt: Date;
    /** null: until it is rotated away */
    readonly expiresAt: Date | null;
    /** Whether it is encrypted where it is kept */
    readonly sealed: boolean;
  }[];
}

/** What is needed to check a message and read it. */
export interface WebhookCredentials {
  readonly source: string;
  readonly mapping: WebhookMapping;
  readonly secrets: readonly { readonly key: Uint8Array; readonly expiresAt: Date | null }[];
}

export interface NewWebhookConnector {
  readonly name: string;
  readonly source: string;
  readonly mapping: WebhookMapping;
  readonly key: Uint8Array;
  readonly actor: Actor;
}

/**
 * Where webhook connectors are kept. Every change is written to the audit log in the same transaction.
 * Keeping a secret throws a Problem `forbidden` where the installation has no key to seal it with and must have one.
 */
export abstract class WebhookConnectors {
  /** Undefined when the name is taken. */
  abstract add(connector: NewWebhookConnector): Promise<WebhookConnectorView | undefined>;
  abstract list(): Promise<WebhookConnectorView[]>;
  /** @throws Problem `store-unavailable` when a secret cannot be opened with the keys there are. */
  abstract credentials(name: string): Promise<WebhookCredentials | undefined>;
  /** Adds a secret and lets the ones before it end after the overlap. Undefined for an unknown name. */
  abstract rotate(
    name: string,
    change: { readonly key: Uint8Array; readonly overlapSeconds: number; readonly actor: Actor },
  ): Promise<WebhookConnectorView | undefined>;
  /** False for an unknown name. */
  abstract remove(name: string, actor: Actor): Promise<boolean>;
}
