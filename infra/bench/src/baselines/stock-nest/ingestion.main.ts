import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule } from '@nestjs/microservices';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import 'reflect-metadata';
import { FeedbackController } from './feedback.controller.js';
import { FeedbackEntity } from './feedback.entity.js';
import { FeedbackService } from './feedback.service.js';
import { ready, validation } from './run.js';
import { databaseOptions, producerOptions, required } from './settings.js';

@Module({
  imports: [
    TypeOrmModule.forRoot(databaseOptions()),
    TypeOrmModule.forFeature([FeedbackEntity]),
    ClientsModule.register([{ name: 'KAFKA', ...producerOptions('ingestion') }]),
  ],
  controllers: [FeedbackController],
  providers: [FeedbackService],
})
class IngestionModule {}

const app = await NestFactory.create<NestExpressApplication>(IngestionModule, { logger: ['fatal', 'error', 'warn'] });
app.useGlobalPipes(validation());
app.useBodyParser('json', { limit: '16mb' });
await app.listen(required('PORT'), '127.0.0.1');
ready(app);
