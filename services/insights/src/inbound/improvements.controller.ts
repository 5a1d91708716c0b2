import { teamPattern } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, TeamDirectory, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ManageImprovements, type ImprovementResult } from '../application/manage-improvements.handler.js';
import { ReadOuterLoop } from '../application/read-outer-loop.handler.js';
import { improvementStates, type ImprovementState } from '../domain/improvement.js';
import {
  attachmentIn,
  AttachRequest,
  DoneRequest,
  improvementIn,
  ImprovementPatchRequest,
  ImprovementRequest,
  patchIn,
} from './outer-loop.request.js';
import { improvementView } from './outer-loop-view.js';
import { cursorOf, isUuid, limitOf, oneOf, personOf, placeOf } from './metric-question.js';
import { assertKnown, bodyOf, etagOf, expectedVersionOf, idFrom } from './request.js';

const planning = bodyOf(ImprovementRequest);
const changing = bodyOf(ImprovementPatchRequest);
const attaching = bodyOf(AttachRequest);
const ending = bodyOf(DoneRequest);

/** What is changed because of what customers said, and whether it moved what it should. */
@Controller('v1/improvements')
@ForPeople('agent', 'manager', 'admin')
export class ImprovementsController {
  constructor(
    private readonly improvements: ManageImprovements,
    private readonly outerLoop: ReadOuterLoop,
    private readonly teams: TeamDirectory,
  ) {}

  @Post()
  @HttpCode(201)
  async plan(
    @Body() body: unknown,
    @Headers('authorization') authorization: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const given = improvementIn(planning(body));
    if (given.team !== undefined) {
      await this.teams.assertThere([{ pointer: '/team', team: given.team }], authorization);
    }
    return shown(await this.improvements.create(personOf(principal), given), reply);
  }

  /** Newest first. `state` may name several, by commas; `owner=me`: the caller's own. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    assertKnown(query, ['state', 'owner', 'team', 'limit', 'cursor']);
    const person = personOf(principal);
    const team = oneOf('team', query['team']);
    if (team !== undefined && !teamPattern.test(team))
      throw invalid('/team', 'team', 'team is not the name of a team.');
    const owner = oneOf('owner', query['owner']);
    if (owner !== undefined && (owner === '' || owner.length > 300)) {
      throw invalid('/owner', 'owner', 'owner is `me`, or a subject of at most 300 characters.');
    }
    const states = oneOf('state', query['state'])
      ?.split(',')
      .map((state) => {
        if (improvementStates.includes(state as ImprovementState)) return state as ImprovementState;
        throw invalid('/state', 'state', `state is one or several of ${improvementStates.join(', ')}.`);
      });
    const limit = limitOf(query['limit']);
    const after = placeOf(query['cursor']);
    const page = await this.outerLoop.improvements(person, {
      // one more tells whether there is a next page
      limit: limit + 1,
      ...(states && { states }),
      ...(team !== undefined && { team }),
      ...(owner !== undefined && { owner: owner === 'me' ? person.subject : owner }),
      ...(after && { after }),
    });
    const items = page.slice(0, limit);
    const last = items.at(-1)?.improvement;
    return {
      items: items.map(improvementView),
      ...(page.length > limit && last && { cursor: cursorOf({ at: last.createdAt, id: last.improvementId }) }),
    };
  }

  /** With what it moved, and what came of telling its customers. */
  @Get(':improvementId')
  async read(
    @Param('improvementId') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = await this.outerLoop.improvement(personOf(principal), idFrom(id, 'improvement'));
    if (!found) throw missing();
    void reply.header('etag', etagOf(found.improvement.version));
    return improvementView(found);
  }

  /** In the order of their ids. */
  @Get(':improvementId/loops')
  async loops(
    @Param('improvementId') id: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
  ) {
    assertKnown(query, ['limit', 'cursor']);
    const limit = limitOf(query['limit']);
    const cursor = oneOf('cursor', query['cursor']);
    if (cursor !== undefined && !isUuid(cursor)) {
      throw invalid('/cursor', 'cursor', 'cursor is not one that this route gave.');
    }
    const loops = await this.outerLoop.loopsOf(personOf(principal), idFrom(id, 'improvement'), cursor, limit + 1);
    if (!loops) throw missing();
    const items = loops.slice(0, limit);
    return { items: items.map((loopId) => ({ loopId })), ...(loops.length > limit && { cursor: items.at(-1) }) };
  }

  @Patch(':improvementId')
  async change(
    @Param('improvementId') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const patch = patchIn(changing(body));
    const expected = expectedVersionOf(ifMatch, 'improvement');
    const result = await this.improvements.change(personOf(principal), idFrom(id, 'improvement'), expected, patch);
    return shown(result, reply, expected);
  }

  @Post(':improvementId/loops')
  @HttpCode(200)
  async attach(
    @Param('improvementId') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const attachment = attachmentIn(attaching(body));
    const expected = expectedVersionOf(ifMatch, 'improvement');
    const improvementId = idFrom(id, 'improvement');
    return shown(
      await this.improvements.attach(personOf(principal), improvementId, expected, attachment),
      reply,
      expected,
    );
  }

  @Post(':improvementId/done')
  @HttpCode(200)
  async done(
    @Param('improvementId') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { message } = ending(body);
    const expected = expectedVersionOf(ifMatch, 'improvement');
    const improvementId = idFrom(id, 'improvement');
    const result = await this.improvements.finish(personOf(principal), improvementId, expected, message ?? undefined);
    return shown(result, reply, expected);
  }
}

const missing = (): Problem => new Problem('not-found', 'There is no such improvement.');

function shown(result: ImprovementResult, reply: FastifyReply, expected?: number) {
  switch (result.kind) {
    case 'done':
      void reply.header('etag', etagOf(result.improvement.version));
      return {
        ...result.improvement,
        ...(result.attached !== undefined && { attached: result.attached }),
      };
    case 'unknown':
      throw missing();
    case 'not-yours':
      throw new Problem('forbidden', `You are not in the team ${result.team}.`);
    case 'invalid':
      throw new Problem('invalid', result.errors[0]!.message, { errors: result.errors });
    case 'conflict': {
      const { version, state } = result.improvement;
      throw new Problem('version-conflict', `The improvement is at version ${version}, not ${expected}.`, {
        headers: { etag: etagOf(version) },
        ...{ version, state },
      });
    }
    case 'refused': {
      const { version, state } = result.improvement;
      throw new Problem('transition-refused', result.message, { reason: result.reason, version, state });
    }
  }
}
