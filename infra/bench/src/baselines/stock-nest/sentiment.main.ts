import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, type MicroserviceOptions } from '@nestjs/microservices';
import 'reflect-metadata';
import { ready, validation } from './run.js';
import { SentimentController } from './sentiment.controller.js';
import { consumerOptions, producerOptions } from './settings.js';

@Module({
  imports: [ClientsModule.register([{ name: 'KAFKA', ...producerOptions('sentiment') }])],
  controllers: [SentimentController],
})
class SentimentModule {}

const app = await NestFactory.createMicroservice<MicroserviceOptions>(SentimentModule, {
  ...consumerOptions('sentiment'),
  logger: ['fatal', 'error', 'warn'],
});
app.useGlobalPipes(validation());
await app.listen();
ready(app);
