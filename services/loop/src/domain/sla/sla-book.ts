import { type Clocks } from './clocks.js';
import { type CompiledSettings, type Terms, type TermsRef } from './settings.js';

/** What is promised: to loops that open now, and to those that are open, each by the version that it opened under. */
export abstract class SlaBook {
  /** Reads a newer version, where there is one. @throws where there is none at all */
  abstract refresh(): Promise<void>;

  /** The newest version that is known here; replicas learn of a newer one within seconds. */
  abstract get active(): CompiledSettings;

  /**
   * The version that terms are of.
   * @throws Error where it was not read yet
   */
  abstract settingsOf(ref: TermsRef): CompiledSettings;

  /**
   * What is promised to a loop; undefined where no clock runs for it.
   * @throws Error where its version was not read yet: who reads loops reads these, too
   */
  termsOf({ clocks }: { readonly clocks?: Clocks }): Terms | undefined {
    return clocks && this.settingsOf(clocks.terms).terms(clocks.terms);
  }
}
