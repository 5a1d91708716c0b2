import {
  CurrentPrincipal,
  ForPeople,
  Problem,
  type Principal,
  TeamDirectory,
  type NamedTeam,
} from '@closeloop/platform';
import { Body, Controller, Get, Headers, Param, Post } from '@nestjs/common';
import { SetSla } from '../application/set-sla.handler.js';
import { SettingsStore, type KeptSettings } from '../domain/sla/settings-store.js';
import { bodyOf, personOf } from './request.js';
import { documentOf, SlaSettingsRequest } from './sla-settings.request.js';

const settingsRequest = bodyOf(SlaSettingsRequest);
const mostListed = 200;

/** What is promised to customers, and along whom a loop goes up when it is not kept. */
@Controller('v1/sla-settings')
export class SlaSettingsController {
  constructor(
    private readonly handler: SetSla,
    private readonly store: SettingsStore,
    private readonly teams: TeamDirectory,
  ) {}

  @Get()
  @ForPeople()
  async list() {
    return { items: await this.store.list(mostListed) };
  }

  /** `active`, or a version. */
  @Get(':version')
  @ForPeople()
  async one(@Param('version') text: string) {
    const version = text === 'active' ? undefined : /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
    const kept = await this.store.find(version);
    if (!kept) throw new Problem('not-found', `There is no version ${text}.`);
    return viewOf(kept);
  }

  @Post()
  @ForPeople('manager', 'admin')
  async create(
    @Body() body: unknown,
    @Headers('authorization') authorization: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ) {
    const request = settingsRequest(body);
    await this.teams.assertThere(teamsIn(request), authorization);
    const { basedOn, reason, applyToOpen } = request;
    const result = await this.handler.handle(
      personOf(principal),
      { basedOn, applyToOpen: applyToOpen ?? false, ...(reason && { reason }) },
      documentOf(request),
    );
    switch (result.kind) {
      case 'created':
        return { ...viewOf(result.kept), toApply: result.toApply };
      case 'invalid':
        throw new Problem('invalid', 'These settings cannot hold.', { errors: result.violations });
      case 'conflict':
        throw new Problem('version-conflict', `Version ${result.active} is active by now, not ${basedOn}.`, {
          ...{ version: result.active },
        });
    }
  }
}

/** Every team that is named: those with a chain, where chains lead, and whom variants are for. */
const teamsIn = ({ teams, policies }: SlaSettingsRequest): NamedTeam[] => [
  ...teams.flatMap(({ team, chain }, index) => [
    { pointer: `/teams/${index}/team`, team },
    ...(chain ?? []).flatMap((step, at) =>
      step.team ? [{ pointer: `/teams/${index}/chain/${at}/team`, team: step.team }] : [],
    ),
  ]),
  ...policies.flatMap(({ variants }, index) =>
    (variants ?? []).flatMap((variant, at) =>
      (variant.teams ?? []).map((team, n) => ({ pointer: `/policies/${index}/variants/${at}/teams/${n}`, team })),
    ),
  ),
];

const viewOf = ({ document, ...kept }: KeptSettings) => ({ ...kept, ...document });
