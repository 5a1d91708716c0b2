import { startService } from '@closeloop/platform';
import { IngestionModule } from './ingestion.module.js';

// connectors ──▶ feedback.inbound.v1, HTTP ──▶ here ──▶ feedback.received.v1; loop.changed.v1 and dead letters settle the ledger
void startService('ingestion', IngestionModule);
