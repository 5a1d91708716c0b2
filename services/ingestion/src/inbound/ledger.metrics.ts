import { Metrics } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { LedgerReader, type LedgerView } from '../domain/ledger-view.js';
import { IngestionConfig } from '../ingestion.config.js';

/** How long what was read for one scrape serves the next ones, so that many scrapers ask the database once. */
const freshMs = 5_000;

type Level = 'unsettled' | 'missing' | 'oldestSeconds' | 'openLetters';
type Reading = Record<Level, number> & Pick<LedgerView, 'results' | 'outcomes'>;

/** The ledger as an alarm sees it: `ledger_missing_feedback` above 0 is a promise in danger. */
@Injectable()
export class LedgerMetrics {
  private reading: Promise<Reading> | undefined;
  private readAt = -Infinity;

  constructor(
    registry: Metrics,
    private readonly reader: LedgerReader,
    private readonly config: IngestionConfig,
  ) {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- prom-client binds collect to the gauge
    const self = this;
    const gauge = (name: string, help: string, of: Level) =>
      new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          // while the store is away there is no number, and the scrape goes on
          this.set((await self.read().catch(() => undefined))?.[of] ?? NaN);
        },
      });
    gauge(
      'ledger_unsettled_feedback',
      'Feedback whose latest revision has neither outcome nor dead letter',
      'unsettled',
    );
    gauge('ledger_oldest_unsettled_seconds', 'Age of the oldest of them; 0 for none', 'oldestSeconds');
    gauge('ledger_open_dead_letters', 'Dead letters that were neither sent again nor discarded', 'openLetters');
    const counts = <Label extends 'result' | 'outcome'>(name: string, help: string, label: Label) =>
      new Gauge<Label>({
        name,
        help,
        labelNames: [label],
        registers: [registry],
        async collect() {
          this.reset();
          const reading = await self.read().catch(() => undefined);
          const byName = label === 'result' ? reading?.results : reading?.outcomes;
          for (const [value, count] of Object.entries(byName ?? {})) this.labels(value).set(count);
        },
      });
    // Durable counts, the same on every replica: they never begin anew.
    counts('ledger_results_total', 'Submissions that were answered, by result', 'result');
    counts('ledger_outcomes', 'Feedback by what stands; none: nothing yet', 'outcome');
    gauge('ledger_missing_feedback', 'Feedback that is unsettled without progress: an alarm', 'missing');
  }

  private read(): NonNullable<typeof this.reading> {
    if (this.reading && performance.now() - this.readAt < freshMs) return this.reading;
    this.readAt = performance.now();
    this.reading = this.reader
      .ledger({ missingIds: 0, missingAfterSeconds: this.config.missingAfterSeconds })
      .then(({ unsettled, missing, deadLetters, results, outcomes }) => ({
        results,
        outcomes,
        openLetters: deadLetters.open,
        unsettled: unsettled.total,
        missing,
        oldestSeconds: unsettled.oldestSeconds ?? 0,
      }));
    return this.reading;
  }
}
