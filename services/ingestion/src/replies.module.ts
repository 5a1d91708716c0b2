import { AuditLog, configProvider, ENVIRONMENT, type Env, SecretBox } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ConfigureReplySenders } from './application/configure-reply-senders.handler.js';
import { SendReplies } from './application/send-replies.handler.js';
import { TakeReplyRequests } from './application/take-reply-requests.handler.js';
import { ReplyFiles } from './domain/reply-files.js';
import { ReplySenders } from './domain/reply-senders.js';
import { ReplyStore } from './domain/reply-store.js';
import { ReplyWebhooks } from './domain/reply-webhooks.js';
import { ReplyRequestedConsumer } from './inbound/reply-requested.consumer.js';
import { ReplySendersController } from './inbound/reply-senders.controller.js';
import { ReplyTimer } from './inbound/reply.timer.js';
import { ReplyFileClient } from './infrastructure/reply-file.client.js';
import { ReplySenderRepository } from './infrastructure/reply-sender.repository.js';
import { ReplyWebhookClient } from './infrastructure/reply-webhook.client.js';
import { ReplyRepository } from './infrastructure/reply.repository.js';

import { RepliesConfig } from './replies.config.js';

/** The way back: what is said to customers, by the connector that heard them. */
@Module({
  controllers: [ReplyRequestedConsumer, ReplySendersController],
  providers: [
    configProvider(RepliesConfig),
    { provide: ReplyStore, useClass: ReplyRepository },
    { provide: ReplyFiles, useClass: ReplyFileClient },
    { provide: ReplyWebhooks, useClass: ReplyWebhookClient },
    {
      provide: ReplySenders,
      inject: [DataSource, SecretBox, ENVIRONMENT, AuditLog],
      useFactory: (database: DataSource, box: SecretBox, env: Env, audit: AuditLog) =>
        new ReplySenderRepository(database, box, env.NODE_ENV === 'production', audit),
    },
    ConfigureReplySenders,
    SendReplies,
    TakeReplyRequests,
    ReplyTimer,
  ],
})
export class RepliesModule {}
