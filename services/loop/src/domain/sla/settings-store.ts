import { type Person } from '../permission.js';
import { type SlaDocument } from './document.js';

/** A version of what is promised: who made it, when and why. */
export interface KeptSettings {
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly reason?: string;
  readonly document: SlaDocument;
}

export abstract class SettingsStore {
  /** Newest first, without their documents. */
  abstract list(limit: number): Promise<Omit<KeptSettings, 'document'>[]>;
  /** A version, or the newest. */
  abstract find(version?: number): Promise<KeptSettings | undefined>;
  /**
   * Makes the next version, active at once. `applyToOpen`: open loops get it, too, one after the other. Undefined where
   * `basedOn` is not the newest any more. Who did so is in the audit log, too.
   * @returns the version, and how many open loops are to get it
   */
  abstract create(
    basedOn: number,
    settings: Pick<KeptSettings, 'reason' | 'document'> & { readonly by: Person },
    applyToOpen: boolean,
  ): Promise<{ readonly kept: KeptSettings; readonly toApply: number } | undefined>;
}
