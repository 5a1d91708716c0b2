import { describeError, ENVIRONMENT, type Env, sqlStateOf, untilReachable } from '@closeloop/platform';
import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ActiveTagger, ForAnotherBase } from '../application/active-tagger.js';
import { ActiveModelStore } from '../domain/own/model-store.js';
import { SentimentConfig } from '../sentiment.config.js';

/** No such database, no such table */
const notMigrated = new Set(['3D000', '42P01']);

/** Looks for another active model again and again, so that all replicas soon agree. */
@Injectable()
export class ActiveModelPoller implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger('ActiveModel');
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();
  #stopped = false;
  #failing = false;

  constructor(
    private readonly tagger: ActiveTagger,
    private readonly store: ActiveModelStore,
    private readonly config: SentimentConfig,
    @Inject(ENVIRONMENT) private readonly env: Env,
  ) {}

  /** Before anything is consumed: nothing is to be tagged by another model than the active one. */
  async onModuleInit(): Promise<void> {
    try {
      await untilReachable('learning', this.env, () => this.#once());
    } catch (error) {
      if (!notMigrated.has(sqlStateOf(error) ?? '')) throw error;
      throw new Error(
        'The database of learning, where the active model stands, is not there. Run: npx closeloop migrate',
        {
          cause: error,
        },
      );
    }
    this.#logger.log(`Tags are made by ${this.tagger.name}`);
    this.#next();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#look;
    await this.store.close();
  }

  async #once(): Promise<boolean> {
    try {
      return await this.tagger.refresh();
    } catch (error) {
      // A folder that somebody has named is to be used or to be told of.
      if (!(error instanceof ForAnotherBase) || this.config.ownModel !== undefined) throw error;
      this.#logger.warn(error.message);
      return true;
    }
  }

  #next(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#look = this.#refresh();
    }, this.config.modelRefreshMs);
  }

  async #refresh(): Promise<void> {
    try {
      if (await this.#once()) this.#logger.log(`Tags are made by ${this.tagger.name} from now on`);
      if (this.#failing) this.#logger.log('The active model can be looked up again');
      this.#failing = false;
    } catch (error) {
      // The model at hand holds on; said once.
      if (!this.#failing) this.#logger.error(`The active model cannot be looked up: ${describeError(error)}`);
      this.#failing = true;
    }
    this.#next();
  }
}
