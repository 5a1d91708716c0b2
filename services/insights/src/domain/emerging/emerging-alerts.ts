import type { ShownIssue } from './emerging-store.js';

/** Tells those who can do something about it. */
export abstract class EmergingAlerts {
  /** Once for each issue, however often it is asked. @returns the insight that it became; undefined where nothing is behind it any more */
  abstract raise(issue: ShownIssue): Promise<string | undefined>;
}
