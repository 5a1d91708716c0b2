import { CurrentPrincipal, ForPeople, Problem, TeamDirectory, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, Headers, Put, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { OwnExperience } from '../application/own-experience.handler.js';
import { ownershipIn, OwnershipRequest } from './outer-loop.request.js';
import { personOf } from './metric-question.js';
import { bodyOf, etagOf, expectedVersionOf } from './request.js';

const setting = bodyOf(OwnershipRequest);

/** Which team owns which part of the experience: insights about it go to that team. */
@Controller('v1/ownership')
export class OwnershipController {
  constructor(
    private readonly ownership: OwnExperience,
    private readonly teams: TeamDirectory,
  ) {}

  @Get()
  @ForPeople('agent', 'manager', 'admin')
  async read(@Res({ passthrough: true }) reply: FastifyReply) {
    const ownership = await this.ownership.read();
    void reply.header('etag', etagOf(ownership.version));
    return ownership;
  }

  @Put()
  @ForPeople('manager', 'admin')
  async set(
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const given = ownershipIn(setting(body));
    const expected = expectedVersionOf(ifMatch, 'table of ownership');
    const named = given.rules.map(({ team }, index) => ({ pointer: `/rules/${index}/team`, team }));
    await this.teams.assertThere([{ pointer: '/defaultTeam', team: given.defaultTeam }, ...named], authorization);
    const result = await this.ownership.set(personOf(principal), expected, given);
    switch (result.kind) {
      case 'done':
        void reply.header('etag', etagOf(result.ownership.version));
        return result.ownership;
      case 'invalid':
        throw new Problem('invalid', result.errors[0]!.message, { errors: result.errors });
      case 'conflict': {
        const { version } = result.ownership;
        throw new Problem('version-conflict', `The table is at version ${version}, not ${expected}.`, {
          headers: { etag: etagOf(version) },
          version,
        });
      }
    }
  }
}
