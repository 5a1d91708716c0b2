import { type Actor } from './actor.js';

export const replySenderKinds = ['file', 'webhook'] as const;
export type ReplySenderKind = (typeof replySenderKinds)[number];

/** Who sends replies for a source. */
export interface ReplySenderView {
  readonly source: string;
  readonly kind: ReplySenderKind;
  /** Of a webhook */
  readonly url?: string;
  readonly changedAt: Date;
  readonly changedBy: string;
  /** Of a webhook: secrets that it is signed with, the newest first; never the secrets themselves */
  readonly secrets: readonly {
    readonly id: string;
    readonly createdAt: Date;
    /** null: until it is rotated away */
    readonly expiresAt: Date | null;
    readonly sealed: boolean;
  }[];
}

/** What is needed to send. */
export type ReplySender =
  { readonly kind: 'file' } | { readonly kind: 'webhook'; readonly url: string; readonly keys: readonly Uint8Array[] };

/**
 * Where senders are kept. Every change is written to the audit log in the same transaction.
 * Keeping a secret throws a Problem `forbidden` where the installation has no key to seal it with and must have one.
 */
export abstract class ReplySenders {
  abstract list(): Promise<ReplySenderView[]>;
  /** `key`: the one secret from now on; without it a webhook keeps what it has. */
  abstract set(
    source: string,
    sender: {
      readonly kind: ReplySenderKind;
      readonly url?: string;
      readonly key?: Uint8Array;
      readonly actor: Actor;
    },
  ): Promise<ReplySenderView>;
  /** Whether there is a webhook with a secret for that source. */
  abstract hasSecret(source: string): Promise<boolean>;
  /** Adds a secret and lets the ones before it end after the overlap. Undefined where no webhook is set. */
  abstract rotate(
    source: string,
    change: { readonly key: Uint8Array; readonly overlapSeconds: number; readonly actor: Actor },
  ): Promise<ReplySenderView | undefined>;
  /** False for a source that has none. */
  abstract remove(source: string, actor: Actor): Promise<boolean>;
  /** Undefined where nobody sends. @throws Error when a secret cannot be opened with the keys there are */
  abstract senderOf(source: string): Promise<ReplySender | undefined>;
}
