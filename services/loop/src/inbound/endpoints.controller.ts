import { teamPattern } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal, TeamDirectory } from '@closeloop/platform';
import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ManageEndpoints } from '../application/manage-endpoints.handler.js';
import { ReadDeliveries } from '../application/read-deliveries.handler.js';
import { isTimeZone, type Digest, type EndpointKind } from '../domain/endpoint.js';
import { mayRead } from '../domain/permission.js';
import { endpointView } from './delivery-view.js';
import {
  ChangeEndpointRequest,
  EndpointRequest,
  ReplayPeriodRequest,
  RotateSecretRequest,
  type DigestRequest,
} from './endpoint.request.js';
import { bodyOf, isUuid, personOf } from './request.js';

const endpointRequest = bodyOf(EndpointRequest);
const changeRequest = bodyOf(ChangeEndpointRequest);
const rotateRequest = bodyOf(RotateSecretRequest);
const replayRequest = bodyOf(ReplayPeriodRequest);

const defaultOverlapHours = 24;
/** Longest time that is replayed at once, and most deliveries of it. */
const maxReplayDays = 31;
const maxReplayed = 10_000;

/** Where a team hears of its loops. */
@Controller('v1/teams/:team/endpoints')
@ForPeople('manager', 'admin')
export class EndpointsController {
  constructor(
    private readonly endpoints: ManageEndpoints,
    private readonly deliveries: ReadDeliveries,
    private readonly teams: TeamDirectory,
  ) {}

  @Get()
  @ForPeople('agent', 'manager', 'admin')
  async list(@Param('team') team: string, @CurrentPrincipal() principal: Principal) {
    const person = personOf(principal);
    if (!mayRead(person, { team: teamFrom(team) })) throw new Problem('forbidden', 'You are not in this team.');
    return { items: (await this.endpoints.of(team)).map((endpoint) => endpointView(endpoint, person)) };
  }

  @Get(':endpointId')
  @ForPeople('agent', 'manager', 'admin')
  async read(@Param('team') team: string, @Param('endpointId') id: string, @CurrentPrincipal() principal: Principal) {
    const person = personOf(principal);
    if (!mayRead(person, { team: teamFrom(team) })) throw new Problem('forbidden', 'You are not in this team.');
    return endpointView(found(await this.endpoints.one(team, idFrom(id))), person);
  }

  /** Answers the secret of a webhook, once. */
  @Post()
  async add(
    @Param('team') team: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ) {
    await this.teams.assertThere([{ pointer: '', team: teamFrom(team) }], authorization);
    const request = endpointRequest(body);
    const { kind, url, addresses, changes, digest, paused } = request;
    assertFits(kind, request);
    if (kind === 'email' && !addresses) throw invalid('/addresses', 'isArray', 'addresses must be given for e-mail');
    if (kind !== 'email' && url === undefined) throw invalid('/url', 'isString', `url must be given for ${kind}`);
    return this.endpoints.add(
      {
        ...{ team: teamFrom(team), kind, changes: changes ?? ['all'], paused: paused ?? false },
        ...(url !== undefined && { url }),
        ...(addresses && { addresses }),
        ...(digest && { digest: digestFrom(digest) }),
      },
      personOf(principal),
    );
  }

  @Patch(':endpointId')
  async change(
    @Param('team') team: string,
    @Param('endpointId') id: string,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ) {
    const request = changeRequest(body);
    const { url, addresses, changes, digest, paused } = request;
    const endpointId = idFrom(id);
    assertFits(found(await this.endpoints.one(teamFrom(team), endpointId)).kind, request);
    const change = {
      ...(url !== undefined && { url }),
      ...(addresses && { addresses }),
      ...(changes && { changes }),
      ...(digest !== undefined && { digest: digest && digestFrom(digest) }),
      ...(paused !== undefined && { paused }),
    };
    return found(await this.endpoints.change(team, endpointId, change, personOf(principal)));
  }

  @Delete(':endpointId')
  @HttpCode(204)
  async remove(
    @Param('team') team: string,
    @Param('endpointId') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    if (!(await this.endpoints.remove(teamFrom(team), idFrom(id), personOf(principal)))) throw unknown();
  }

  /** Answers the new secret, once; the ones before it sign beside it for a time. */
  @Post(':endpointId/rotate-secret')
  @HttpCode(200)
  async rotate(
    @Param('team') team: string,
    @Param('endpointId') id: string,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ) {
    const { overlapHours } = rotateRequest(body);
    const { kind } = found(await this.endpoints.one(teamFrom(team), idFrom(id)));
    if (kind !== 'webhook') throw invalid('', 'kind', `an endpoint of kind ${kind} has no secret that signs`);
    return found(
      await this.endpoints.rotate(team, idFrom(id), overlapHours ?? defaultOverlapHours, personOf(principal)),
    );
  }

  /** Sends a sample now, and answers how it was taken. */
  @Post(':endpointId/test')
  @HttpCode(200)
  async test(@Param('team') team: string, @Param('endpointId') id: string, @CurrentPrincipal() principal: Principal) {
    const { subject } = personOf(principal);
    const answer = await this.endpoints.test(teamFrom(team), idFrom(id), subject, new Date());
    if (!answer) throw unknown();
    if (answer.kind === 'stopped') throw new Problem('store-unavailable', 'The service stops.');
    const { kind, ...rest } = answer;
    return { taken: kind === 'taken', ...rest };
  }

  /** Sends again what the endpoint was to hear in a time, and what it would have heard had it been there. */
  @Post(':endpointId/replay')
  @HttpCode(200)
  async replay(
    @Param('team') team: string,
    @Param('endpointId') id: string,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ) {
    const { from, to } = replayRequest(body);
    const period = { from: new Date(from), to: new Date(to) };
    const length = period.to.getTime() - period.from.getTime();
    if (length <= 0 || length > maxReplayDays * 86_400_000) {
      throw invalid('/to', 'period', `to must be later than from, by ${maxReplayDays} days at most`);
    }
    found(await this.endpoints.one(teamFrom(team), idFrom(id)));
    const replayed = await this.deliveries.replayPeriod(personOf(principal), team, idFrom(id), period, maxReplayed);
    return { replayed, more: replayed === maxReplayed };
  }
}

const unknown = (): Problem => new Problem('not-found', 'There is no such endpoint.');

function found<T>(endpoint: T | undefined): T {
  if (endpoint === undefined) throw unknown();
  return endpoint;
}

function teamFrom(team: string): string {
  if (!teamPattern.test(team)) throw new Problem('not-found', 'There is no such team.');
  return team;
}

function idFrom(text: string): string {
  if (!isUuid(text)) throw unknown();
  return text.toLowerCase();
}

/** What belongs to one kind of endpoint alone. @throws Problem `invalid` */
function assertFits(kind: EndpointKind, { url, addresses, changes, digest }: ChangeEndpointRequest): void {
  if (kind === 'email') {
    if (url !== undefined) throw invalid('/url', 'kind', 'url is for webhook and slack');
  } else {
    if (addresses) throw invalid('/addresses', 'kind', 'addresses are for email');
    if (digest) throw invalid('/digest', 'kind', 'digest is for email');
  }
  if (addresses?.length === 0) throw invalid('/addresses', 'arrayMinSize', 'addresses must hold one at least');
  if (changes?.length === 0) throw invalid('/changes', 'arrayMinSize', 'changes must hold one at least');
}

function digestFrom({ every, at, zone }: DigestRequest): Digest {
  if (every === 'hour') {
    if (at !== undefined || zone !== undefined) throw invalid('/digest', 'every', 'at and zone are for every day');
    return { every };
  }
  if (at === undefined) throw invalid('/digest/at', 'matches', 'at must be given, such as 09:00');
  if (zone === undefined || !isTimeZone(zone)) {
    throw invalid('/digest/zone', 'timeZone', 'zone must be the name of a time zone, such as Europe/Berlin');
  }
  return { every, at, zone };
}
