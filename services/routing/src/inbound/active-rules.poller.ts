import { describeError } from '@closeloop/platform';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ActiveRules } from '../application/active-rules.js';
import { RoutingConfig } from '../routing.config.js';

/** Looks for a newer rule set again and again, so that all replicas soon agree. */
@Injectable()
export class ActiveRulesPoller implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger('ActiveRules');
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();
  #stopped = false;
  #failing = false;

  constructor(
    private readonly activeRules: ActiveRules,
    private readonly config: RoutingConfig,
  ) {}

  /** Before anything is consumed; a start without rules fails. */
  async onModuleInit(): Promise<void> {
    await this.activeRules.refresh();
    this.#logger.log(
      `Rule set ${this.activeRules.current.ruleSet.version}, ${this.activeRules.current.ruleSet.rules.length} rules`,
    );
    this.#next();
  }

  /** Waits for a look under way: the pool is closed after this. */
  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#look;
  }

  #next(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#look = this.#refresh();
    }, this.config.rulesRefreshMs);
  }

  async #refresh(): Promise<void> {
    try {
      const changed = await this.activeRules.refresh();
      if (changed) this.#logger.log(`Rule set ${this.activeRules.current.ruleSet.version} is active`);
      if (this.#failing) this.#logger.log('Rules can be looked up again');
      this.#failing = false;
    } catch (error) {
      // The rules at hand hold on; said once, not every two seconds.
      if (!this.#failing) this.#logger.error(`Rules cannot be looked up: ${describeError(error)}`);
      this.#failing = true;
    }
    this.#next();
  }
}
