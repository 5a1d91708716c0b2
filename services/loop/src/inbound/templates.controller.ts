import { teamPattern } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, Problem, type Principal, TeamDirectory } from '@closeloop/platform';
import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { UseTemplates, type TemplateResult } from '../application/use-templates.handler.js';
import { bodyOf, etagOf, expectedVersionOf, isUuid, personOf } from './request.js';
import { RenderRequest, templateBodyOf, TemplateRequest } from './template.request.js';

const templateRequest = bodyOf(TemplateRequest);
const renderRequest = bodyOf(RenderRequest);

/** What a team says again and again. Managers and admins write it, as they do rules; the team's agents read and use it. */
@Controller('v1/teams/:team/templates')
@ForPeople('agent', 'manager', 'admin')
export class TemplatesController {
  constructor(
    private readonly templates: UseTemplates,
    private readonly teams: TeamDirectory,
  ) {}

  @Get()
  async list(@Param('team') team: string, @CurrentPrincipal() principal: Principal) {
    return { items: (await this.templates.list(personOf(principal), teamFrom(team))) ?? noTeam() };
  }

  @Get(':id')
  async read(
    @Param('team') team: string,
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const template = await this.templates.one(personOf(principal), teamFrom(team), idFrom(id));
    if (!template) throw unknown();
    void reply.header('etag', etagOf(template.version));
    return template;
  }

  @Post()
  async create(
    @Param('team') team: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const request = templateRequest(body);
    const person = personOf(principal);
    await this.teams.assertThere([{ pointer: '', team: teamFrom(team) }], authorization);
    return kept(await this.templates.create(person, teamFrom(team), request.name, templateBodyOf(request)), reply);
  }

  @Put(':id')
  async replace(
    @Param('team') team: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const request = templateRequest(body);
    const which = { team: teamFrom(team), templateId: idFrom(id) };
    const expected = expectedVersionOf(ifMatch);
    const body_ = templateBodyOf(request);
    return kept(await this.templates.replace(personOf(principal), which, expected, request.name, body_), reply);
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('team') team: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    const expected = expectedVersionOf(ifMatch);
    const result = await this.templates.remove(personOf(principal), teamFrom(team), idFrom(id), expected);
    if (result.kind !== 'removed') throw refusal(result);
  }

  /** Its text for the customer of a loop, in that customer's language; nothing is sent. */
  @Post(':id/render')
  @HttpCode(200)
  async render(
    @Param('team') team: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ) {
    const { loopId, feedbackId, variables } = renderRequest(body);
    const which = { team: teamFrom(team), templateId: idFrom(id) };
    const result = await this.templates.render(personOf(principal), which, {
      ...{ loopId: loopId.toLowerCase(), variables: variables ?? {} },
      ...(feedbackId != null && { feedbackId: feedbackId.toLowerCase() }),
    });
    if (result.kind !== 'rendered') throw refusal(result);
    const { kind: _kind, ...rendered } = result;
    return rendered;
  }
}

function kept(result: TemplateResult, reply: FastifyReply) {
  if (result.kind !== 'kept') throw refusal(result);
  void reply.header('etag', etagOf(result.template.version));
  return result.template;
}

function refusal(result: Exclude<TemplateResult, { kind: 'kept' }>): Problem {
  switch (result.kind) {
    case 'unknown':
      return unknown();
    case 'not-yours':
      return new Problem('forbidden', 'Templates are written by managers and admins.');
    case 'conflict':
      return new Problem('version-conflict', `The template is at version ${result.version} by now.`, {
        ...{ headers: { etag: etagOf(result.version) }, version: result.version },
      });
    case 'name-taken':
      return new Problem('version-conflict', 'The team has a template of that name, or as many as it may have.');
    case 'invalid':
      return new Problem('invalid', 'This cannot be a template, or not be filled so.', { errors: result.violations });
  }
}

const unknown = (): Problem => new Problem('not-found', 'There is no such template.');
function noTeam(): never {
  throw new Problem('forbidden', 'You are not in this team.');
}

function teamFrom(team: string): string {
  if (!teamPattern.test(team)) throw new Problem('not-found', 'There is no such team.');
  return team;
}

function idFrom(id: string): string {
  if (!isUuid(id)) throw unknown();
  return id.toLowerCase();
}
