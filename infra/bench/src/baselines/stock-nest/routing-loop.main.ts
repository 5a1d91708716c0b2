import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, type MicroserviceOptions } from '@nestjs/microservices';
import { TypeOrmModule } from '@nestjs/typeorm';
import 'reflect-metadata';
import { LoopEntity, LoopFeedbackEntity, LoopHistoryEntity } from './loop.entity.js';
import { LoopService } from './loop.service.js';
import { RoutingController } from './routing.controller.js';
import { ready, validation } from './run.js';
import { consumerOptions, databaseOptions, producerOptions } from './settings.js';

@Module({
  imports: [
    TypeOrmModule.forRoot(databaseOptions()),
    TypeOrmModule.forFeature([LoopEntity, LoopFeedbackEntity, LoopHistoryEntity]),
    ClientsModule.register([{ name: 'KAFKA', ...producerOptions('routing') }]),
  ],
  controllers: [RoutingController],
  providers: [LoopService],
})
class RoutingModule {}

const app = await NestFactory.createMicroservice<MicroserviceOptions>(RoutingModule, {
  ...consumerOptions('routing'),
  logger: ['fatal', 'error', 'warn'],
});
app.useGlobalPipes(validation());
await app.listen();
ready(app);
