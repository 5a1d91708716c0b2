import { API_KEY_VERIFIER, AuditLog, configProvider, ENVIRONMENT, type Env, SecretBox } from '@closeloop/platform';
import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ConfigureWebhooks } from './application/configure-webhooks.handler.js';
import { CreateApiKey } from './application/create-api-key.handler.js';
import { ImportFeedback } from './application/import-feedback.handler.js';
import { RateLimit } from './application/rate-limit.js';
import { ReceiveWebhook } from './application/receive-webhook.handler.js';
import { RevokeApiKey } from './application/revoke-api-key.handler.js';
import { VerifyApiKey } from './application/verify-api-key.handler.js';
import { ApiKeys } from './domain/api-keys.js';
import { WebhookConnectors } from './domain/webhook-connectors.js';
import { EdgesConfig } from './edges.config.js';
import { ApiKeysController } from './inbound/api-keys.controller.js';
import { EventsController } from './inbound/events.controller.js';
import { ImportController } from './inbound/import.controller.js';
import { OpenApiController } from './inbound/openapi.controller.js';
import { WebhookConnectorsController } from './inbound/webhook-connectors.controller.js';
import { WebhooksController } from './inbound/webhooks.controller.js';
import { ApiKeyRepository } from './infrastructure/api-key.repository.js';
import { WebhookConnectorRepository } from './infrastructure/webhook-connector.repository.js';

/** The ways in beside the plain API: who may send, by key or by signature, how much, and in which formats. */
@Global()
@Module({
  controllers: [
    ApiKeysController,
    EventsController,
    ImportController,
    OpenApiController,
    WebhookConnectorsController,
    WebhooksController,
  ],
  providers: [
    configProvider(EdgesConfig),
    { provide: ApiKeys, useClass: ApiKeyRepository },
    {
      provide: SecretBox,
      inject: [EdgesConfig],
      useFactory: ({ webhookSecretsKeys }: EdgesConfig) =>
        new SecretBox(webhookSecretsKeys.map((key) => Buffer.from(key, 'base64'))),
    },
    {
      provide: WebhookConnectors,
      inject: [DataSource, SecretBox, ENVIRONMENT, AuditLog],
      useFactory: (database: DataSource, box: SecretBox, env: Env, audit: AuditLog) =>
        new WebhookConnectorRepository(database, box, env.NODE_ENV === 'production', audit),
    },
    {
      provide: RateLimit,
      inject: [EdgesConfig],
      useFactory: (config: EdgesConfig) =>
        new RateLimit({ perSecond: config.rateLimitEventsPerSecond, burst: config.rateLimitBurst }),
    },
    CreateApiKey,
    RevokeApiKey,
    VerifyApiKey,
    ConfigureWebhooks,
    ReceiveWebhook,
    ImportFeedback,
    { provide: API_KEY_VERIFIER, useExisting: VerifyApiKey },
  ],
  exports: [API_KEY_VERIFIER, RateLimit, SecretBox],
})
export class EdgesModule {}
