import { teamPattern, requestValidatorOf } from '@closeloop/contracts';
import { auditActorOf, CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { MakeTeam } from '../application/make-team.handler.js';
import { InboxUnavailableError } from '../domain/inbox-topics.js';
import { TeamInUseError, TeamStore, type Team } from '../domain/team.store.js';

export class TeamInput {
  @Matches(teamPattern) name!: string;
  @IsString() @MinLength(1) @MaxLength(200) displayName!: string;
}

const violationsOf = requestValidatorOf(TeamInput);

@Controller('v1/teams')
export class TeamsController {
  constructor(
    private readonly teams: TeamStore,
    private readonly makeTeam: MakeTeam,
  ) {}

  @Get()
  @ForPeople()
  async list(): Promise<{ items: Team[] }> {
    return { items: await this.teams.all() };
  }

  @Post()
  @HttpCode(201)
  @ForPeople('manager', 'admin')
  async create(@Body() body: unknown, @CurrentPrincipal() principal: Principal): Promise<Team> {
    const errors = violationsOf(body);
    if (errors) throw new Problem('invalid', 'The team is not valid', { errors });
    const input = body as TeamInput;
    const team = await this.makeTeam.handle(input, auditActorOf(principal)).catch((error: unknown) => {
      if (!(error instanceof InboxUnavailableError)) throw error;
      const headers = { 'retry-after': '5' };
      throw new Problem('store-unavailable', `${error.message}. No team was made.`, { headers, cause: error });
    });
    if (!team) throw new Problem('version-conflict', `There is a team ${input.name} already`);
    return team;
  }

  @Delete(':name')
  @HttpCode(204)
  @ForPeople('manager', 'admin')
  async remove(@Param('name') name: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    try {
      if (await this.teams.remove(name, auditActorOf(principal))) return;
    } catch (error) {
      if (error instanceof TeamInUseError) throw new Problem('transition-refused', error.message);
      throw error;
    }
    throw new Problem('not-found', 'There is no such team');
  }
}
