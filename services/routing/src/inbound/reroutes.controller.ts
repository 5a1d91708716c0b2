import { auditActorOf, CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ReroutePeriod } from '../application/reroute.handler.js';
import type { Reroute } from '../domain/reroute.js';
import { RerouteStore } from '../domain/reroute-store.js';
import { rerouteIdFrom, RerouteRequest } from './rehearsal.request.js';
import { bodyOf } from './request.js';

const rerouteRequest = bodyOf(RerouteRequest);

const usualPerSecond = 50;
const listed = 100;

const viewOf = ({ counts, ...reroute }: Reroute) => ({ ...reroute, ...counts });

/** Periods that are routed anew by the active rules. */
@Controller('v1/reroutes')
@ForPeople('manager', 'admin')
export class ReroutesController {
  constructor(
    private readonly reroutes: RerouteStore,
    private readonly reroutePeriod: ReroutePeriod,
  ) {}

  @Get()
  async list() {
    return { items: (await this.reroutes.list(listed)).map(viewOf) };
  }

  @Get(':rerouteId')
  async read(@Param('rerouteId') id: string) {
    const reroute = await this.reroutes.find(rerouteIdFrom(id));
    if (!reroute) throw new Problem('not-found', 'There is no such reroute.');
    return viewOf(reroute);
  }

  @Post()
  @HttpCode(202)
  async ask(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { from, to, reason, perSecond } = rerouteRequest(body);
    const period = { from: new Date(from), to: to == null ? undefined : new Date(to) };
    if (period.from.getTime() >= Date.now()) throw invalid('/from', 'period', 'from must be in the past.');
    if (period.to && period.from >= period.to) throw invalid('/from', 'period', 'from must be before to.');
    return viewOf(
      await this.reroutePeriod.ask({
        ...{ ...period, reason, perSecond: perSecond ?? usualPerSecond, askedBy: auditActorOf(principal) },
      }),
    );
  }

  @Post(':rerouteId/stop')
  @HttpCode(200)
  async stop(@Param('rerouteId') id: string, @CurrentPrincipal() principal: Principal) {
    const rerouteId = rerouteIdFrom(id);
    await this.reroutes.stop(rerouteId, auditActorOf(principal));
    return this.read(rerouteId);
  }
}
