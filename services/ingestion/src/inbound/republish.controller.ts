import { auditActorOf, CurrentPrincipal, ForPeople, invalid, type Principal } from '@closeloop/platform';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RepublishHandler } from '../application/republish.handler.js';
import { type Republished } from '../domain/republication.js';
import { cursorOf, partsOf, periodOf, uuidPattern } from './query.js';
import { bodyOf } from './request-body.js';
import { RepublishRequest } from './republish.request.js';

const republishRequest = bodyOf(RepublishRequest);

/** For a Kafka that lost what was accepted. */
@Controller('v1/republish')
export class RepublishController {
  constructor(private readonly handler: RepublishHandler) {}

  /** One page; ask on with `cursor` while there is one. Harmless twice: what was settled says so again. */
  @Post()
  @HttpCode(200)
  @ForPeople('admin')
  async republish(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { cursor, rebuild, ...request } = republishRequest(body);
    const after = cursor == null ? undefined : partsOf(cursor, [uuidPattern, /^[1-9]\d{0,8}$/]);
    const { next, ...done } = await this.handler.republish(
      whichOf(request),
      after && { feedbackId: after[0]!, revision: Number(after[1]) },
      auditActorOf(principal),
      rebuild?.toLowerCase(),
    );
    return { ...done, ...(next && { cursor: cursorOf(next.feedbackId, String(next.revision)) }) };
  }
}

function whichOf({ ids, from, to, source }: Omit<RepublishRequest, 'cursor' | 'rebuild'>): Republished {
  if ((ids == null) === (from == null)) throw invalid('', 'chosen', 'Give ids or from, one of both.');
  if (ids) {
    if (to != null || source != null) throw invalid('', 'chosen', 'to and source go with from, not with ids.');
    if (ids.length === 0) throw invalid('/ids', 'arraySize', 'There must be 1 to 1000 ids.');
    return { ids: ids.map((id) => id.toLowerCase()) };
  }
  const period = periodOf({ from: from!, ...(to != null && { to }) });
  return { ...period, from: period.from!, ...(source != null && { source }) };
}
