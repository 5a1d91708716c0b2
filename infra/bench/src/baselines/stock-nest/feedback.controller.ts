import { Body, Controller, HttpCode, ParseArrayPipe, Post } from '@nestjs/common';
import { FeedbackDto } from './feedback.dto.js';
import { FeedbackService } from './feedback.service.js';

@Controller('v1/feedback')
export class FeedbackController {
  constructor(private readonly feedback: FeedbackService) {}

  @Post()
  @HttpCode(202)
  async accept(@Body() input: FeedbackDto): Promise<{ feedbackId: string }> {
    const [feedbackId] = await this.feedback.accept([input]);
    return { feedbackId: feedbackId! };
  }

  @Post('batch')
  @HttpCode(200)
  async acceptAll(
    @Body(new ParseArrayPipe({ items: FeedbackDto, whitelist: true })) inputs: FeedbackDto[],
  ): Promise<{ index: number; result: 'accepted'; feedbackId: string }[]> {
    const ids = await this.feedback.accept(inputs);
    return ids.map((feedbackId, index) => ({ index, result: 'accepted', feedbackId }));
  }
}
