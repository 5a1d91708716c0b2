import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal, TeamDirectory } from '@closeloop/platform';
import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { CommandLoop, type GivenCommand } from '../application/command-loop.handler.js';
import { type GivenResponse } from '../application/prepare-answer.js';
import { type PeoplesCommand } from '../domain/permission.js';
import { AssignRequest, PriorityRequest, ReasonRequest, RespondRequest, SplitRequest } from './loop-command.request.js';
import { eventView, loopView } from './loop-view.js';
import { bodyOf, etagOf, expectedVersionOf, loopIdFrom, personOf } from './request.js';

const respond = bodyOf(RespondRequest);
const reason = bodyOf(ReasonRequest);
const assign = bodyOf(AssignRequest);
const priority = bodyOf(PriorityRequest);
const split = bodyOf(SplitRequest);

/** A command's body becomes the command. */
const readers: Record<PeoplesCommand, (body: unknown) => GivenCommand> = {
  acknowledge: (body) => ({ ...nothingIn(body), type: 'acknowledge' }),
  respond: (body) => responseOf(respond(body)),
  wait: (body) => ({ ...nothingIn(body), type: 'wait' }),
  resume: (body) => ({ ...nothingIn(body), type: 'resume' }),
  resolve: (body) => ({ ...nothingIn(body), type: 'resolve' }),
  reopen: (body) => ({ ...reason(body), type: 'reopen' }),
  dismiss: (body) => ({ ...reason(body), type: 'dismiss' }),
  split: (body) => ({ feedbackId: split(body).feedbackId.toLowerCase(), type: 'split' }),
  assign: (body) => {
    const { team, owner } = assign(body);
    if (!team && !owner) throw invalid('', 'assignment', 'Name a team, an owner, or both.');
    return { type: 'assign', ...(team ? { team } : {}), ...(owner ? { owner } : {}) };
  },
  escalate: (body) => ({ ...nothingIn(body), type: 'escalate' }),
  'set-priority': (body) => ({ ...priority(body), type: 'set-priority' }),
};

/** null says what absent says. */
function responseOf({ feedbackId, templateId, ...given }: RespondRequest): GivenCommand {
  const response = { ...given, feedbackId: feedbackId?.toLowerCase(), templateId: templateId?.toLowerCase() };
  const said = Object.entries(response).filter(([, value]) => value != null);
  return { ...(Object.fromEntries(said) as Omit<GivenResponse, 'type'>), type: 'respond' };
}

/** A command without a body, or with an empty one. */
function nothingIn(body: unknown): object {
  if (body !== undefined && (typeof body !== 'object' || body === null || Object.keys(body).length > 0)) {
    throw invalid('', 'whitelistValidation', 'This command takes nothing.');
  }
  return {};
}

/** What people do with a loop, each with the version of it that they saw. */
@Controller('v1/loops')
@ForPeople('agent', 'manager', 'admin')
export class LoopCommandsController {
  constructor(
    private readonly handler: CommandLoop,
    private readonly teams: TeamDirectory,
  ) {}

  @Post(':loopId/:command')
  @HttpCode(200)
  async command(
    @Param('loopId') id: string,
    @Param('command') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const loopId = loopIdFrom(id);
    if (!Object.hasOwn(readers, name)) {
      throw new Problem('not-found', `There is no command ${name}: ${Object.keys(readers).join(', ')}.`);
    }
    const given = readers[name as PeoplesCommand](body);
    const expected = expectedVersionOf(ifMatch);
    if (given.type === 'assign' && given.team !== undefined) {
      await this.teams.assertThere([{ pointer: '/team', team: given.team }], authorization);
    }
    const result = await this.handler.handle(personOf(principal), loopId, expected, given);
    switch (result.kind) {
      case 'done':
        void reply.header('etag', etagOf(result.loop.version));
        return { ...loopView(result), ...(result.opened && { opened: loopView({ loop: result.opened }) }) };
      case 'unknown':
        throw new Problem('not-found', 'There is no such loop.');
      case 'not-yours':
        throw new Problem('forbidden', `${name} is not yours to do: the loop is of the team ${result.team}.`);
      case 'conflict': {
        const { version, state } = result.loop;
        throw new Problem('version-conflict', `The loop is at version ${version}, not ${expected}.`, {
          headers: { etag: etagOf(version) },
          ...{ version, state, happened: result.since.map(eventView) },
        });
      }
      case 'refused': {
        const { version, state } = result.loop;
        const { reason, feedback } = result;
        throw new Problem('transition-refused', result.message, {
          reason,
          version,
          state,
          ...(feedback && { feedback }),
        });
      }
      case 'being-answered': {
        const { version, state } = result.loop;
        const [first] = result.writing;
        const message = `${first!.agent} is answering. Send takeOver to answer all the same.`;
        throw new Problem('version-conflict', message, {
          ...{ headers: { etag: etagOf(version) }, reason: 'being-answered', version, state, writing: result.writing },
        });
      }
      case 'invalid':
        throw new Problem('invalid', 'This cannot be the answer.', { errors: result.errors });
    }
  }
}
