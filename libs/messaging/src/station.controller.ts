import { ForPeople, Readiness, SERVICE_NAME, SERVICE_TRANSPORT } from '@closeloop/platform';
import { Controller, Get, Header, Inject, Optional } from '@nestjs/common';
import { type KafkaBatchServer } from './kafka-batch.server.js';
import { Outbox } from './outbox.js';
import { type StationStatus } from './station-status.js';

/** How this replica is doing with its events: where a partition is stuck, on what, since when. */
@ForPeople('manager', 'admin')
@Controller('v1/station')
export class StationController {
  constructor(
    @Inject(SERVICE_NAME) private readonly service: string,
    @Inject(SERVICE_TRANSPORT) private readonly server: KafkaBatchServer,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Optional() @Inject(Outbox) private readonly outbox?: Outbox,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async status(): Promise<StationStatus> {
    const partitions = await this.server.partitions();
    const reasons = this.readiness.reasons();
    return {
      service: this.service,
      group: this.server.group,
      ready: Object.keys(reasons).length === 0,
      reasons,
      partitions,
      ...(this.outbox && {
        outbox: {
          unsent: this.outbox.unsent,
          bound: this.outbox.bound,
          full: this.outbox.isFull(),
          oldestSeconds: this.outbox.oldestSeconds,
        },
      }),
      events: this.server.events,
    };
  }
}
