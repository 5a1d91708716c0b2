import { CurrentPrincipal, ForConnectors, ForPeople, invalid, type Principal } from '@closeloop/platform';
import { sourcePattern } from '@closeloop/contracts';
import { Controller, Get, Query } from '@nestjs/common';
import { ReadLedgerHandler } from '../application/read-ledger.handler.js';
import { type LedgerView } from '../domain/ledger-view.js';

/** Most ids of missing feedback that one answer lists. */
const maxMissingIds = 1000;

/** What became of all feedback, in numbers. */
@Controller('v1/ledger')
export class LedgerController {
  constructor(private readonly ledger: ReadLedgerHandler) {}

  /** `source`: of that source only. `missing=ids`: lists the oldest missing ones, `limit` (100) of them. */
  @Get()
  @ForConnectors()
  @ForPeople('manager', 'admin')
  async read(
    @Query('source') source: string | undefined,
    @Query('missing') missing: string | undefined,
    @Query('limit') limit: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<LedgerView> {
    if (source !== undefined && !(typeof source === 'string' && sourcePattern.test(source)))
      throw invalid('/source', 'matches', 'source is not the name of a source.');
    if (missing !== undefined && missing !== 'ids') throw invalid('/missing', 'isIn', 'missing must be "ids".');
    if (
      limit !== undefined &&
      !(typeof limit === 'string' && /^[1-9]\d{0,3}$/.test(limit) && Number(limit) <= maxMissingIds)
    )
      throw invalid('/limit', 'max', `limit must be 1 to ${maxMissingIds}.`);
    const missingIds = missing === undefined ? 0 : Number(limit ?? 100);
    return this.ledger.ledger({ missingIds, ...(source !== undefined && { source }) }, principal);
  }
}
