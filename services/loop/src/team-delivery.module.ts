import { AuditLog, configProvider, ENVIRONMENT, type Env, SecretBox, TeamDirectoryModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DeliverToTeams } from './application/deliver-to-teams.handler.js';
import { ManageEndpoints } from './application/manage-endpoints.handler.js';
import { ReadDeliveries } from './application/read-deliveries.handler.js';
import { DeliveryConfig } from './delivery.config.js';
import { Courier } from './domain/courier.js';
import { DeliveryStore } from './domain/delivery-store.js';
import { DeliveryTimes } from './domain/delivery.js';
import { EndpointStore } from './domain/endpoint-store.js';
import { DeliveriesController } from './inbound/deliveries.controller.js';
import { DeliveryTimer } from './inbound/delivery.timer.js';
import { InsightsConsumer } from './inbound/insights.consumer.js';
import { EndpointsController } from './inbound/endpoints.controller.js';
import { CourierClient } from './infrastructure/courier.client.js';
import { DeliveryRepository } from './infrastructure/delivery.repository.js';
import { EndpointRepository } from './infrastructure/endpoint.repository.js';
import { MailClient } from './infrastructure/mail.client.js';
import { MailConfig } from './infrastructure/mail.config.js';
import { ToldInsightStore } from './domain/told-insight.js';
import { ToldInsightRepository } from './infrastructure/told-insight.repository.js';
import { ReceiverClient } from './infrastructure/receiver.client.js';

/** Tells teams of their loops, and of insights, where they want to hear of them: webhooks, Slack, e-mail. */
@Module({
  imports: [TeamDirectoryModule],
  controllers: [EndpointsController, DeliveriesController, InsightsConsumer],
  providers: [
    configProvider(DeliveryConfig),
    configProvider(MailConfig),
    DeliveryTimes,
    MailClient,
    {
      provide: SecretBox,
      inject: [DeliveryConfig],
      useFactory: ({ secretsKeys }: DeliveryConfig) =>
        new SecretBox(secretsKeys.map((key) => Buffer.from(key, 'base64'))),
    },
    {
      provide: Courier,
      inject: [DeliveryConfig, MailClient, DeliveryTimes],
      useFactory: ({ allowPrivateEndpoints: allowPrivate }: DeliveryConfig, mail: MailClient, times: DeliveryTimes) =>
        new CourierClient(new ReceiverClient({ allowPrivate }, times), mail),
    },
    {
      provide: EndpointStore,
      inject: [DataSource, SecretBox, ENVIRONMENT, AuditLog],
      useFactory: (dataSource: DataSource, box: SecretBox, env: Env, audit: AuditLog) =>
        new EndpointRepository(dataSource, box, env.NODE_ENV === 'production', audit),
    },
    {
      provide: DeliveryStore,
      inject: [DataSource, SecretBox, AuditLog],
      useFactory: (dataSource: DataSource, box: SecretBox, audit: AuditLog) =>
        new DeliveryRepository(dataSource, box, audit),
    },
    { provide: ToldInsightStore, useClass: ToldInsightRepository },
    DeliverToTeams,
    ManageEndpoints,
    ReadDeliveries,
    DeliveryTimer,
  ],
  exports: [MailClient, TeamDirectoryModule],
})
export class TeamDeliveryModule {}
