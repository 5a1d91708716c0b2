import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { AuditModule, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { AcceptanceModule } from './acceptance.module.js';
import { EdgesModule } from './edges.module.js';
import { ingestionDatabase } from './ingestion.database.js';
import { LedgerModule } from './ledger.module.js';
import { RepliesModule } from './replies.module.js';

@Module({
  imports: [
    DatabaseModule.forService(ingestionDatabase),
    MessagingModule.forService(pipeline.ingestion, { mode: 'effect' }),
    AuditModule,
    AcceptanceModule,
    LedgerModule,
    EdgesModule,
    RepliesModule,
  ],
})
export class IngestionModule {}
