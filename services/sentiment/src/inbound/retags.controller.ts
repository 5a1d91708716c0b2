import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { RetagPeriod } from '../application/retag.handler.js';
import { RetagStore } from '../domain/retag/retag-store.js';
import type { Retag } from '../domain/retag/retag.js';
import { bodyOf, idFrom, personOf, RetagRequest, versionOf } from './learning.request.js';

const retagRequest = bodyOf(RetagRequest);

const usualPerSecond = 50;
const listed = 100;

const viewOf = ({ from, to, askedAt, endedAt, version, counts, ...retag }: Retag) => ({
  ...retag,
  ...{ version: version ?? 'shipped', from: from.toISOString(), to: to.toISOString(), askedAt: askedAt.toISOString() },
  ...(endedAt && { endedAt: endedAt.toISOString() }),
  ...counts,
});

/** Periods that are judged anew by a chosen model. */
@Controller('v1/retags')
@ForPeople('manager', 'admin')
export class RetagsController {
  constructor(
    private readonly retags: RetagStore,
    private readonly retagPeriod: RetagPeriod,
  ) {}

  @Get()
  async list() {
    return { items: (await this.retags.list(listed)).map(viewOf) };
  }

  @Get(':retagId')
  async read(@Param('retagId') id: string) {
    const retag = await this.retags.find(idFrom(id, 'retag'));
    if (!retag) throw new Problem('not-found', 'There is no such retag.');
    return viewOf(retag);
  }

  @Post()
  @HttpCode(202)
  async ask(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { from, to, model, perSecond } = retagRequest(body);
    const period = { from: new Date(from), to: to == null ? undefined : new Date(to) };
    if (period.from.getTime() >= Date.now()) throw invalid('/from', 'period', 'from must be in the past.');
    if (period.to && period.from >= period.to) throw invalid('/from', 'period', 'from must be before to.');
    const asked = await this.retagPeriod.ask(model == null ? { active: true } : versionOf(model), {
      ...{ ...period, perSecond: perSecond ?? usualPerSecond, askedBy: personOf(principal) },
    });
    if (asked.kind === 'unknown') throw new Problem('not-found', 'There is no model of that version.');
    if (asked.kind === 'other-base') {
      throw new Problem('version-conflict', `That model was learned over ${asked.base}, which no longer ships.`);
    }
    return viewOf(asked.retag);
  }

  @Post(':retagId/stop')
  @HttpCode(200)
  async stop(@Param('retagId') id: string, @CurrentPrincipal() principal: Principal) {
    const retagId = idFrom(id, 'retag');
    await this.retags.stop(retagId, personOf(principal));
    return this.read(retagId);
  }
}
