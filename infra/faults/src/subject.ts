import { type LocalClaims } from '@closeloop/embedded';

/** What load, agents and oracle need to know of the system under test: its public edges, and its stores for looking only. */
export interface Subject {
  /** Replicas of ingestion and of loop, without a slash at the end */
  readonly ingestionUrls: readonly string[];
  readonly loopUrls: readonly string[];
  /** Direct, past every proxy */
  readonly kafkaBrokers: string;
  /** Direct, past every proxy */
  readonly databaseUrls: Readonly<Record<'ingestion' | 'learning' | 'routing' | 'loop' | 'insights', string>>;
  /** A connector's key for that source */
  apiKey(source: string): Promise<string>;
  /** A person's token */
  token(claims: LocalClaims): Promise<string>;
}
