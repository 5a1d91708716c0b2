import { teamPattern } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ReadDeliveries } from '../application/read-deliveries.handler.js';
import { deliveryStates, type Delivery } from '../domain/delivery.js';
import { deliveryView } from './delivery-view.js';
import { assertKnown, choicesOf, cursorOf, isUuid, limitOf, oneOf, personOf, placeOf } from './request.js';

/** What was told to the endpoints of teams, and how it went. */
@Controller('v1/deliveries')
@ForPeople('agent', 'manager', 'admin')
export class DeliveriesController {
  constructor(private readonly deliveries: ReadDeliveries) {}

  /** Newest first. `state` may name several, by commas. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    assertKnown(query, ['team', 'endpoint', 'loopId', 'state', 'cursor', 'limit']);
    const team = oneOf('team', query['team']);
    if (team !== undefined && !teamPattern.test(team)) throw invalid('', 'team', 'team is not the name of a team.');
    const endpointId = uuidOf('endpoint', query['endpoint']);
    const loopId = uuidOf('loopId', query['loopId']);
    const states = choicesOf('state', query['state'], deliveryStates);
    const limit = limitOf(query['limit']);
    const after = placeOf(query['cursor']);
    const page = await this.deliveries.page(personOf(principal), {
      // one more tells whether there is a next page
      limit: limit + 1,
      ...(team !== undefined && { team }),
      ...(endpointId !== undefined && { endpointId }),
      ...(loopId !== undefined && { loopId }),
      ...(states && { states }),
      ...(after && { after: { createdAt: after.at, deliveryId: after.id } }),
    });
    if (!page) throw new Problem('forbidden', 'You are not in this team.');
    const items = page.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(deliveryView),
      ...(page.length > limit && last && { cursor: cursorOf(last.createdAt, last.deliveryId) }),
    };
  }

  @Get(':deliveryId')
  async read(@Param('deliveryId') id: string, @CurrentPrincipal() principal: Principal) {
    return deliveryView(found(await this.deliveries.one(personOf(principal), idFrom(id))));
  }

  /** Sends it again, under its id. */
  @Post(':deliveryId/replay')
  @HttpCode(200)
  @ForPeople('manager', 'admin')
  async replay(@Param('deliveryId') id: string, @CurrentPrincipal() principal: Principal) {
    return deliveryView(found(await this.deliveries.replay(personOf(principal), idFrom(id))));
  }
}

function found(delivery: Delivery | undefined): Delivery {
  if (!delivery) throw new Problem('not-found', 'There is no such delivery.');
  return delivery;
}

function idFrom(text: string): string {
  if (!isUuid(text)) throw new Problem('not-found', 'There is no such delivery.');
  return text.toLowerCase();
}

function uuidOf(name: string, value: unknown): string | undefined {
  const text = oneOf(name, value);
  if (text !== undefined && !isUuid(text)) throw invalid('', name, `${name} is not a UUID.`);
  return text;
}
