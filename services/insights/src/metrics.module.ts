import { configProvider } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { AnswerMetric } from './application/answer-metric.handler.js';
import { ReadCustomer } from './application/read-customer.handler.js';
import { ChangeFeed } from './domain/change-feed.js';
import { CustomerStore } from './domain/customer.js';
import { MetricStore } from './domain/metric-store.js';
import { ChangesController } from './inbound/changes.controller.js';
import { CustomersController } from './inbound/customers.controller.js';
import { MetricsController } from './inbound/metrics.controller.js';
import { ChangesClient } from './infrastructure/changes.client.js';
import { CustomerRepository } from './infrastructure/customer.repository.js';
import { MetricRepository } from './infrastructure/metric.repository.js';
import { InsightsConfig } from './insights.config.js';

/** What is asked of the read model: metrics, what is behind them, customers, and what changes. */
@Module({
  controllers: [MetricsController, ChangesController, CustomersController],
  providers: [
    configProvider(InsightsConfig),
    { provide: MetricStore, useClass: MetricRepository },
    { provide: CustomerStore, useClass: CustomerRepository },
    { provide: ChangeFeed, useClass: ChangesClient },
    AnswerMetric,
    ReadCustomer,
  ],
  exports: [AnswerMetric, MetricStore],
})
export class MetricsModule {}
