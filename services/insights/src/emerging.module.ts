import { configProvider } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { RaiseEmerging } from './application/raise-emerging.handler.js';
import { WatchEmerging } from './application/watch-emerging.handler.js';
import { EmergingAlerts } from './domain/emerging/emerging-alerts.js';
import { EmergingStore } from './domain/emerging/emerging-store.js';
import { EmergingConfig } from './emerging.config.js';
import { EmergingController } from './inbound/emerging.controller.js';
import { EmergingTimer } from './inbound/emerging.timer.js';
import { EmergingRepository } from './infrastructure/emerging.repository.js';
import { OuterLoopModule } from './outer-loop.module.js';

/** What comes more often than it is expected to. */
@Module({
  imports: [OuterLoopModule],
  controllers: [EmergingController],
  providers: [
    configProvider(EmergingConfig),
    { provide: EmergingAlerts, useClass: RaiseEmerging },
    { provide: EmergingStore, useClass: EmergingRepository },
    WatchEmerging,
    EmergingTimer,
  ],
})
export class EmergingModule {}
