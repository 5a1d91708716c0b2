import { type Stores } from '../rig/stores.js';
import { type RunOptions } from '../works/work.js';

/** What every growth is measured with: all of a run's have the same broker and database. */
export interface GrowthOptions extends RunOptions {
  readonly stores: Stores;
}
