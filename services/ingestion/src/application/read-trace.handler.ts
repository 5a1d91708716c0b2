import { Injectable } from '@nestjs/common';
import { Problem, type Principal } from '@closeloop/platform';
import { TraceReader, type TraceView } from '../domain/trace-view.js';

/** Where a feedback has been, for its source and for those who look after the system. */
@Injectable()
export class ReadTraceHandler {
  constructor(private readonly reader: TraceReader) {}

  /** @throws Problem `not-found`, also for what the caller may not read */
  async trace(feedbackId: string, principal: Principal): Promise<TraceView> {
    const trace = await this.reader.trace(feedbackId);
    if (!trace || (principal.kind === 'connector' && principal.source !== trace.source))
      throw new Problem('not-found', 'There is no such feedback.');
    return trace;
  }
}
