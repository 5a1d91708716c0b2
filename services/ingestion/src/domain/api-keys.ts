import { type Actor } from './actor.js';

/** An API key as it is listed: everything but its secret. */
export interface ApiKeyView {
  readonly id: string;
  readonly source: string;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  /** To the minute or so, never on the way of a request; null while it was not used. */
  readonly lastUsedAt: Date | null;
}

/** What a verifier needs to know of a key. */
export interface ApiKeyCredentials {
  readonly secretHash: string;
  readonly source: string;
  readonly revoked: boolean;
}

export interface NewApiKey {
  readonly id: string;
  readonly secretHash: string;
  readonly source: string;
  readonly name: string | undefined;
  /** Who asks */
  readonly actor: Actor;
}

/** Where API keys are kept. Every change is written to the audit log in the same transaction. */
export abstract class ApiKeys {
  abstract add(key: NewApiKey): Promise<ApiKeyView>;
  abstract list(): Promise<ApiKeyView[]>;
  abstract credentials(id: string): Promise<ApiKeyCredentials | undefined>;
  /** Revokes for good; a key that is revoked stays as it is. Undefined for an unknown id. */
  abstract revoke(id: string, actor: Actor): Promise<ApiKeyView | undefined>;
  /** Notes that these keys were used just now. */
  abstract markUsed(ids: readonly string[]): Promise<void>;
}
