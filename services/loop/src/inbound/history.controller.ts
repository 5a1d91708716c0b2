import { CurrentPrincipal, ForPeople, type Principal } from '@closeloop/platform';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RepublishHistory } from '../application/republish-history.handler.js';
import { HistoryRequest } from './history.request.js';
import { bodyOf, personOf } from './request.js';

const historyRequest = bodyOf(HistoryRequest);

/** For a read model that is rebuilt. */
@Controller('v1/history')
export class HistoryController {
  constructor(private readonly handler: RepublishHistory) {}

  /** One page; ask on with `after` while there is a `next`. */
  @Post('republish')
  @HttpCode(200)
  @ForPeople('admin')
  republish(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { rebuild, after } = historyRequest(body);
    return this.handler.handle(rebuild.toLowerCase(), after?.toLowerCase(), personOf(principal));
  }
}
