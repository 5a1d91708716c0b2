import { type Stores } from '../rig/stores.js';
import { type Durations } from '../works/work.js';

/** What every growth is measured with. */
export interface GrowthOptions {
  readonly stores: Stores;
  readonly rounds: number;
  readonly durations: Durations;
  readonly texts: readonly string[];
  /** Of the run; whoever calls removes it */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}
