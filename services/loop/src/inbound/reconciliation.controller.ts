import { ForPeople } from '@closeloop/platform';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Reconcile } from '../application/reconcile.handler.js';
import { type RecordRange } from '../domain/reconciliation-store.js';
import { ReconciliationRequest, type ReconciliationRangeRequest } from './reconciliation.request.js';
import { bodyOf } from './request.js';

const reconciliationRequest = bodyOf(ReconciliationRequest);

/** Whether ingestion's ledger and the loops agree. */
@Controller('v1/reconciliation')
export class ReconciliationController {
  constructor(private readonly handler: Reconcile) {}

  @Post()
  @HttpCode(200)
  @ForPeople('manager', 'admin')
  async compare(@Body() body: unknown) {
    const { rows, range } = reconciliationRequest(body);
    return { differences: await this.handler.handle(rows, range ? rangeOf(range) : undefined) };
  }
}

const rangeOf = ({ after, upTo, from, to }: ReconciliationRangeRequest): RecordRange => ({
  ...(after && { after }),
  ...(upTo && { upTo }),
  ...(from && { from: new Date(from) }),
  ...(to && { to: new Date(to) }),
});
