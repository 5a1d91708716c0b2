import { ConflictException, Inject, Injectable } from '@nestjs/common';
import { ClientKafka } from '@nestjs/microservices';
import { InjectRepository } from '@nestjs/typeorm';
import { lastValueFrom } from 'rxjs';
import { QueryFailedError, Repository } from 'typeorm';
import { type FeedbackDto } from './feedback.dto.js';
import { FeedbackEntity } from './feedback.entity.js';
import { topics } from './settings.js';

@Injectable()
export class FeedbackService {
  constructor(
    @InjectRepository(FeedbackEntity) private readonly repository: Repository<FeedbackEntity>,
    @Inject('KAFKA') private readonly kafka: ClientKafka,
  ) {}

  /** @returns the ids, once all are committed and Kafka has them */
  async accept(inputs: readonly FeedbackDto[]): Promise<string[]> {
    const accepted = await this.save(inputs);
    await Promise.all(
      accepted.map((feedback) =>
        lastValueFrom(this.kafka.emit(topics.received, { key: feedback.feedbackId, value: feedback })),
      ),
    );
    return accepted.map(({ feedbackId }) => feedbackId);
  }

  private async save(inputs: readonly FeedbackDto[]): Promise<FeedbackEntity[]> {
    try {
      return await this.repository.save(this.repository.create([...inputs]));
    } catch (error) {
      const { code } = error instanceof QueryFailedError ? (error.driverError as { code?: string }) : {};
      if (code === '23505') throw new ConflictException('There is feedback with this externalId already');
      throw error;
    }
  }
}
