import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { AuditModule, configProvider, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { ActivateModel } from './application/activate-model.handler.js';
import { CorrectTags } from './application/correct-tags.handler.js';
import { KeepTagged } from './application/keep-tagged.handler.js';
import { Learn } from './application/learn.handler.js';
import { RetagPeriod } from './application/retag.handler.js';
import { ModelTagger } from './domain/model-tagger.js';
import { Learner } from './domain/own/learner.js';
import { ModelStore } from './domain/own/model-store.js';
import { RetagStore } from './domain/retag/retag-store.js';
import { TaggedStore } from './domain/tagged-store.js';
import { WhoseStore } from './domain/whose-store.js';
import { AccuracyController } from './inbound/accuracy.controller.js';
import { FeedbackTaggedConsumer } from './inbound/feedback-tagged.consumer.js';
import { LearningOpenApiController, RELEASE } from './inbound/learning-openapi.controller.js';
import { ForgettingTimer, LearningTimer, RetagTimer } from './inbound/learning.timers.js';
import { LoopChangedConsumer } from './inbound/loop-changed.consumer.js';
import { ModelsController } from './inbound/models.controller.js';
import { RetagsController } from './inbound/retags.controller.js';
import { TagsController } from './inbound/tags.controller.js';
import { KnownLanguage } from './infrastructure/known-language.js';
import { LearnerThread } from './infrastructure/learner.thread.js';
import { ModelRepository } from './infrastructure/model.repository.js';
import { ownModelOf } from './infrastructure/own-model.js';
import { RetagRepository } from './infrastructure/retag.repository.js';
import { release } from './infrastructure/shipped-files.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';
import { TaggedRepository } from './infrastructure/tagged.repository.js';
import { WhoseRepository } from './infrastructure/whose.repository.js';
import { LearningConfig } from './learning.config.js';
import { learningDatabase } from './learning.database.js';

/** What ships, asked for feedback whose language is known. */
class ShippedTagger {
  readonly #language: KnownLanguage;
  readonly #shipped: ModelTagger;

  constructor(topicPacks: readonly string[]) {
    const knowledge = shippedKnowledge(topicPacks);
    this.#language = new KnownLanguage(knowledge.language);
    this.#shipped = new ModelTagger(knowledge, this.#language.detect);
  }

  get name(): string {
    return this.#shipped.name;
  }

  readonly tagAnew: ConstructorParameters<typeof RetagPeriod>[3] = (kept) => {
    const tagger = this.#shipped.withOwn(kept && ownModelOf(kept));
    return (feedback, language) => {
      this.#language.known = language;
      return tagger.tag(feedback);
    };
  };
}

/** Beside the path of the feedback: people correct tags, and models learn from it. */
@Module({
  imports: [
    DatabaseModule.forService(learningDatabase),
    MessagingModule.forService(pipeline.learning, { mode: 'effect', restMs: 250 }),
    AuditModule,
  ],
  controllers: [
    FeedbackTaggedConsumer,
    LoopChangedConsumer,
    TagsController,
    AccuracyController,
    ModelsController,
    RetagsController,
    LearningOpenApiController,
  ],
  providers: [
    configProvider(LearningConfig),
    {
      provide: ShippedTagger,
      inject: [LearningConfig],
      useFactory: ({ topicPacks }: LearningConfig) => new ShippedTagger(topicPacks.split(',')),
    },
    { provide: RELEASE, useValue: release },
    { provide: TaggedStore, useClass: TaggedRepository },
    { provide: WhoseStore, useClass: WhoseRepository },
    { provide: ModelStore, useClass: ModelRepository },
    { provide: RetagStore, useClass: RetagRepository },
    {
      provide: Learner,
      inject: [ShippedTagger, LearningConfig],
      useFactory: ({ name }: ShippedTagger, { topicPacks }: LearningConfig) =>
        new LearnerThread(name, topicPacks.split(',')),
    },
    KeepTagged,
    CorrectTags,
    {
      provide: Learn,
      inject: [ModelStore, Learner, LearningConfig],
      useFactory: (store: ModelStore, learner: Learner, { maxRated }: LearningConfig) =>
        new Learn(store, learner, maxRated),
    },
    {
      provide: ActivateModel,
      inject: [ModelStore, ShippedTagger],
      useFactory: (store: ModelStore, { name }: ShippedTagger) => new ActivateModel(store, name),
    },
    {
      provide: RetagPeriod,
      inject: [RetagStore, ModelStore, ShippedTagger],
      useFactory: (retags: RetagStore, models: ModelStore, { name, tagAnew }: ShippedTagger) =>
        new RetagPeriod(retags, models, name, tagAnew),
    },
    LearningTimer,
    RetagTimer,
    ForgettingTimer,
  ],
})
export class LearningModule {}
