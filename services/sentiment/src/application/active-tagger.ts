import type { Feedback, Tags } from '@closeloop/contracts';
import type { ModelTagger } from '../domain/model-tagger.js';
import type { ActiveModelStore, KeptModel } from '../domain/own/model-store.js';
import type { OwnModel } from '../domain/own/own-model.js';
import type { Tagger } from '../domain/tagger.js';

/**
 * Tags by the model that is active, as this replica knows it. Tagging never waits for the database: between two looks, and while it is
 * away, the model of the last look holds.
 */
export class ActiveTagger implements Tagger {
  #tagger: ModelTagger;
  #activation = -1;

  /** @param decode @throws where a kept model cannot be used by this release */
  constructor(
    private readonly shipped: ModelTagger,
    private readonly store: ActiveModelStore,
    private readonly decode: (kept: KeptModel) => OwnModel,
  ) {
    this.#tagger = shipped;
  }

  /** Of the models, as the tags have it */
  get name(): string {
    return this.#tagger.name;
  }

  tag(feedback: Feedback): Tags {
    return this.#tagger.tag(feedback);
  }

  /**
   * Takes over what became active since the last look; says whether anything did.
   * @throws Error where it was learned over another model than the one that ships: then what ships judges alone
   */
  async refresh(): Promise<boolean> {
    const { number, version } = await this.store.active();
    if (number === this.#activation) return false;
    if (version === undefined) {
      this.#tagger = this.shipped;
    } else {
      const kept = await this.store.kept(version);
      if (kept.base !== this.shipped.name) {
        this.#tagger = this.shipped;
        this.#activation = number;
        throw new ForAnotherBase(
          `Model ${version} was learned over ${kept.base}, and ${this.shipped.name} ships: until the next one is learned, what ships judges alone`,
        );
      }
      this.#tagger = this.shipped.withOwn(this.decode(kept));
    }
    this.#activation = number;
    return true;
  }
}

/** A release has brought another model: what was learned over the one before does not fit it. */
export class ForAnotherBase extends Error {
  override readonly name = 'ForAnotherBase';
}
