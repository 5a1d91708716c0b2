import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InsightFacts } from '../domain/insight-facts.js';
import { insightMetrics, insightRows } from '../domain/insight-metric.js';
import { OuterLoopStore } from '../domain/outer-loop-store.js';
import { InsightsConfig } from '../insights.config.js';
import { AnswerMetric } from './answer-metric.handler.js';

/** What managers watch of insights, among the other metrics. */
@Injectable()
export class InsightMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: AnswerMetric,
    private readonly facts: InsightFacts,
    private readonly store: OuterLoopStore,
    private readonly config: InsightsConfig,
  ) {}

  onModuleInit(): void {
    for (const metric of insightMetrics) {
      this.metrics.add({
        definition: metric,
        rows: async (question) => {
          const facts = await this.facts.raisedBetween(question.from, question.to);
          return insightRows(metric, facts, question, await this.store.now(), this.config);
        },
      });
    }
  }
}
