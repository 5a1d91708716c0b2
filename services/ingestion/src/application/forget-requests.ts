import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AcceptanceStore } from '../domain/acceptance-store.js';
import { IngestionConfig } from '../ingestion.config.js';

const intervalMs = 10 * 60 * 1000;
/** A purge that found as many as it may take at once goes on after a moment. */
const shortPauseMs = 1000;

/** Forgets the results of old requests, in every replica; they do not get in each other's way. */
@Injectable()
export class ForgetRequests implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ForgetRequests.name);
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly store: AcceptanceStore,
    private readonly config: IngestionConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.next(shortPauseMs);
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private next(pause: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.forget(), pause);
    this.timer.unref();
  }

  private async forget(): Promise<void> {
    try {
      const forgotten = await this.store.forgetRequests(this.config.idempotencyDays);
      this.next(forgotten > 0 ? shortPauseMs : intervalMs);
    } catch (error) {
      this.logger.warn(
        `Old requests could not be forgotten: ${error instanceof Error ? error.message : String(error)}`,
      );
      this.next(intervalMs);
    }
  }
}
