import { Controller, Get, Header, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

import { Public } from './access.js';
import { Metrics } from './metrics.js';
import { Readiness } from './readiness.js';

/** What the platform that runs the service asks: is it alive, may it be given work, how is it doing. */
@Public()
@Controller()
export class OperationsController {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  @Header('cache-control', 'no-store')
  live(): { status: 'alive' } {
    return { status: 'alive' };
  }

  @Get('health/ready')
  @Header('cache-control', 'no-store')
  ready(@Res({ passthrough: true }) reply: FastifyReply): {
    status: 'ready' | 'unready';
    reasons: Record<string, string>;
  } {
    const reasons = this.readiness.reasons();
    const ready = Object.keys(reasons).length === 0;
    void reply.code(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'unready', reasons };
  }

  @Get('metrics')
  async measures(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.type(this.metrics.contentType);
    return this.metrics.metrics();
  }
}
