/** Something that has changed, for those who look on. */
export interface Change {
  /** `loop`, `insight` */
  readonly event: string;
  /** `team`: whose it is; without one it is for managers and admins */
  readonly data: Readonly<Record<string, unknown>> & { readonly team?: string };
}

/** What has changed, as whichever replica wrote it commits. What was told while nobody listened is not told again. */
export abstract class ChangeFeed {
  /** @returns what ends it */
  abstract subscribe(listener: (change: Change) => void): () => void;
}
