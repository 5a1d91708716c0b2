import { Global, Module } from '@nestjs/common';
import { KeepFeedback } from './application/keep-feedback.handler.js';
import { KeepLoops } from './application/keep-loops.handler.js';
import { RebuildModel } from './application/rebuild-model.handler.js';
import { CubeCounts } from './domain/cube-counts.js';
import { Dictionary, ModelStore } from './domain/model-store.js';
import { RebuildStore } from './domain/rebuild-store.js';
import { CubeCountsTimer } from './inbound/cube-counts.timer.js';
import { FeedbackRoutedConsumer } from './inbound/feedback-routed.consumer.js';
import { LoopChangedConsumer } from './inbound/loop-changed.consumer.js';
import { RebuildsController } from './inbound/rebuilds.controller.js';
import { CubeRepository } from './infrastructure/cube.repository.js';
import { DictionaryRepository } from './infrastructure/dictionary.repository.js';
import { ModelRepository } from './infrastructure/model.repository.js';
import { RebuildRepository } from './infrastructure/rebuild.repository.js';

/** What is counted of feedback and loops, as events tell of them. */
@Global()
@Module({
  controllers: [FeedbackRoutedConsumer, LoopChangedConsumer, RebuildsController],
  providers: [
    { provide: ModelStore, useClass: ModelRepository },
    { provide: Dictionary, useClass: DictionaryRepository },
    { provide: CubeCounts, useClass: CubeRepository },
    CubeCountsTimer,
    KeepFeedback,
    KeepLoops,
    { provide: RebuildStore, useClass: RebuildRepository },
    RebuildModel,
  ],
  exports: [ModelStore, CubeCounts, Dictionary],
})
export class ReadModelModule {}
