import { teamPattern } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { ReadFollowUps } from '../application/read-follow-ups.handler.js';
import { followUpStates } from '../domain/follow-up.js';
import { followUpView } from './follow-up-view.js';
import { assertKnown, choicesOf, cursorOf, limitOf, oneOf, personOf, placeOf } from './request.js';

/** What customers were asked, agents of their teams' loops, managers and admins of all. */
@Controller('v1/follow-ups')
@ForPeople('agent', 'manager', 'admin')
export class FollowUpsController {
  constructor(private readonly followUps: ReadFollowUps) {}

  /** Newest first. `state` may name several, by commas. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    assertKnown(query, ['team', 'state', 'cursor', 'limit']);
    const team = oneOf('team', query['team']);
    if (team !== undefined && !teamPattern.test(team)) throw invalid('', 'team', 'team is not the name of a team.');
    const states = choicesOf('state', query['state'], followUpStates);
    const limit = limitOf(query['limit']);
    const after = placeOf(query['cursor']);
    const page = await this.followUps.page(personOf(principal), {
      // one more tells whether there is a next page
      limit: limit + 1,
      ...(team !== undefined && { team }),
      ...(states && { states }),
      ...(after && { after: { requestedAt: after.at, followUpId: after.id } }),
    });
    if (!page) throw new Problem('forbidden', 'You are not in this team.');
    const items = page.slice(0, limit);
    const last = items.at(-1)?.followUp;
    return {
      items: items.map(followUpView),
      ...(page.length > limit && last && { cursor: cursorOf(last.requestedAt, last.followUpId) }),
    };
  }
}
