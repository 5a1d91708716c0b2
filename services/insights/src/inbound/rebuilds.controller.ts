import { CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { RebuildModel } from '../application/rebuild-model.handler.js';
import { isUuid, personOf } from './metric-question.js';

/** The read model made anew beside the one that answers: `closeloop insights rebuild` goes through these. */
@Controller('v1/rebuilds')
@ForPeople('admin')
export class RebuildsController {
  constructor(private readonly rebuilds: RebuildModel) {}

  @Post()
  start(@CurrentPrincipal() principal: Principal) {
    return this.rebuilds.start(personOf(principal));
  }

  @Get(':rebuildId')
  read(@Param('rebuildId') id: string) {
    return this.rebuilds.show(idFrom(id));
  }

  @Post(':rebuildId/compare')
  @HttpCode(202)
  async compare(@Param('rebuildId') id: string) {
    await this.rebuilds.compare(idFrom(id));
    return {};
  }

  @Post(':rebuildId/adopt')
  @HttpCode(200)
  adopt(@Param('rebuildId') id: string, @CurrentPrincipal() principal: Principal) {
    return this.rebuilds.adopt(idFrom(id), personOf(principal));
  }

  @Post(':rebuildId/give-up')
  @HttpCode(200)
  giveUp(@Param('rebuildId') id: string, @CurrentPrincipal() principal: Principal) {
    return this.rebuilds.giveUp(idFrom(id), personOf(principal));
  }
}

function idFrom(text: string): string {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw new Problem('not-found', 'There is no such rebuild.');
  return id;
}
