import { type LoopStep } from '../domain/loop-fact.js';

export interface StepRow {
  readonly loop_id: string;
  readonly version: number;
  readonly change: LoopStep['change'];
  readonly note: string | null;
  readonly at: Date;
  readonly state: LoopStep['state'];
  readonly cycle: number;
  readonly team: number;
  readonly priority: number;
  readonly owner: string | null;
  readonly opened_by: string | null;
  readonly clocks: LoopStep['clocks'] | null;
}

export const stepColumns = 'loop_id, version, change, note, at, state, cycle, team, priority, owner, opened_by, clocks';

export const stepOf = ({ loop_id, note, owner, opened_by, clocks, ...row }: StepRow): LoopStep => ({
  ...{ loopId: loop_id, ...row },
  ...(note !== null && { note }),
  ...(owner !== null && { owner }),
  ...(opened_by !== null && { openedBy: opened_by }),
  ...(clocks && { clocks }),
});
