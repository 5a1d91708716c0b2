import { Controller, Inject } from '@nestjs/common';
import { ClientKafka, EventPattern, Payload } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { FeedbackTaggedDto } from './feedback.dto.js';
import { LoopService } from './loop.service.js';
import { routeOf } from './route.js';
import { topics } from './settings.js';

@Controller()
export class RoutingController {
  constructor(
    private readonly loops: LoopService,
    @Inject('KAFKA') private readonly kafka: ClientKafka,
  ) {}

  @EventPattern(topics.tagged)
  async route(@Payload() tagged: FeedbackTaggedDto): Promise<void> {
    const route = routeOf(tagged);
    await this.loops.open(tagged, route);
    await lastValueFrom(this.kafka.emit(topics.routed, { key: tagged.feedbackId, value: { ...tagged, route } }));
  }
}
