import { Injectable } from '@nestjs/common';
import type { Actor } from '../domain/actor.js';
import { Learner } from '../domain/own/learner.js';
import { ActivationConflict, ModelStore, type ModelDescription } from '../domain/own/model-store.js';
import type { Trials } from '../domain/own/try-own.js';

export interface LearnOutcome {
  readonly corrections: number;
  readonly rated: number;
  readonly trials: Trials['trials'];
  /** What was kept; undefined: nothing was better than what is active */
  readonly version?: string;
  readonly activated: boolean;
  /** Why what is better was not activated */
  readonly held?: 'by-person' | 'other-active';
}

/**
 * Learns from what people have said, tries it against what is active on what was held back, keeps what is better and makes it active.
 * After a person has gone back, or to what ships alone, what is better is kept and waits for a person.
 */
@Injectable()
export class Learn {
  constructor(
    private readonly store: ModelStore,
    private readonly learner: Learner,
    private readonly maxRated: number,
  ) {}

  /** Whether there are so many more corrections than at the last run. */
  async isDue(minCorrections: number): Promise<boolean> {
    const { now, atLastRun } = await this.store.corrections();
    return now - atLastRun >= minCorrections;
  }

  /** @param by undefined: nobody asked. @returns undefined where another replica learns at this moment */
  handle(by: Actor | undefined): Promise<LearnOutcome | undefined> {
    return this.store.alone(() => this.#learn(by));
  }

  async #learn(by: Actor | undefined): Promise<LearnOutcome> {
    const active = await this.store.active();
    const kept = active.version === undefined ? undefined : await this.store.kept(active.version);
    // What was learned over the model of an earlier release judges nothing any more.
    const compared = kept?.base === this.learner.base ? kept : undefined;
    const { now } = await this.store.corrections();
    const { lessons, rated } = await this.store.lessons(this.maxRated);
    const { model, trials, better } = await this.learner.learn(compared, lessons, rated);
    const counts = { corrections: lessons.length, rated: rated.length };
    if (!better) {
      await this.store.ran(now);
      return { ...counts, trials, activated: false };
    }
    const about: Omit<ModelDescription, 'version' | 'base' | 'madeAt' | 'madeBy'> = {
      ...{ ...counts, trials, comparedWith: compared?.version },
    };
    await this.store.ran(now, { model, about, by });
    const outcome = { ...counts, trials, version: model.version };
    const switchedOff = active.number > 0 && active.version === undefined;
    if (active.rollback || switchedOff) return { ...outcome, activated: false, held: 'by-person' };
    try {
      await this.store.activate(model.version, {
        ...{ by, instead: active.number, rollback: false },
        reason: `better on corrections that were held back: ${Object.entries(trials)
          .filter(([, trial]) => trial.better)
          .map(([name, { heldBack }]) => `${name} ${heldBack.rightBefore} → ${heldBack.rightAfter} of ${heldBack.n}`)
          .join(', ')}`,
      });
      return { ...outcome, activated: true };
    } catch (error) {
      if (!(error instanceof ActivationConflict)) throw error;
      return { ...outcome, activated: false, held: 'other-active' };
    }
  }
}
