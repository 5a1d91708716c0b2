import { insightStates, teamPattern, type InsightState } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, TeamDirectory, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, Headers, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AnswerInsight, type GivenAnswer } from '../application/answer-insight.handler.js';
import { RaiseInsight } from '../application/raise-insight.handler.js';
import { ReadOuterLoop } from '../application/read-outer-loop.handler.js';
import {
  AcceptRequest,
  AssignInsightRequest,
  DeclineRequest,
  improvementIn,
  ImproveRequest,
  insightIn,
  MergeRequest,
  RaiseInsightRequest,
} from './outer-loop.request.js';
import { eventView, insightView } from './outer-loop-view.js';
import { cursorOf, limitOf, oneOf, personOf, placeOf } from './metric-question.js';
import { assertKnown, bodyOf, etagOf, expectedVersionOf, idFrom } from './request.js';

const raising = bodyOf(RaiseInsightRequest);
const accepting = bodyOf(AcceptRequest);
const declining = bodyOf(DeclineRequest);
const merging = bodyOf(MergeRequest);
const assigning = bodyOf(AssignInsightRequest);
const improving = bodyOf(ImproveRequest);

/** A command's body becomes the command. */
const readers: Record<GivenAnswer['type'], (body: unknown) => GivenAnswer> = {
  accept: (body) => {
    const { note } = accepting(body);
    return { type: 'accept', ...(note != null && { note }) };
  },
  decline: (body) => ({ type: 'decline', reason: declining(body).reason }),
  merge: (body) => ({ type: 'merge', into: merging(body).into.toLowerCase() }),
  assign: (body) => ({ type: 'assign', team: assigning(body).team }),
  improve: (body) => ({ type: 'improve', ...improvementIn(improving(body)) }),
};

/** All but `raised`: what has had an answer. */
const answered = insightStates.filter((state) => state !== 'raised');

/** What service learned, for those who can change it. */
@Controller('v1/insights')
@ForPeople('agent', 'manager', 'admin')
export class InsightsController {
  constructor(
    private readonly raise: RaiseInsight,
    private readonly answer: AnswerInsight,
    private readonly outerLoop: ReadOuterLoop,
    private readonly teams: TeamDirectory,
  ) {}

  /** The same claim of the same person again: 200, with what became of it. */
  @Post()
  async raised(
    @Body() body: unknown,
    @Headers('authorization') authorization: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const given = insightIn(raising(body));
    await this.assertThere(given.team, authorization);
    const result = await this.raise.byPerson(personOf(principal), given);
    if (result.kind === 'invalid') throw new Problem('invalid', result.errors[0]!.message, { errors: result.errors });
    void reply.status(result.kind === 'raised' ? HttpStatus.CREATED : HttpStatus.OK);
    void reply.header('etag', etagOf(result.insight.version));
    return insightView(result.insight);
  }

  /** Newest first. `state` may name several, by commas; `answered`: all but raised. `raisedBy=me`: the caller's own. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    assertKnown(query, ['state', 'team', 'raisedBy', 'limit', 'cursor']);
    const person = personOf(principal);
    const team = oneOf('team', query['team']);
    if (team !== undefined && !teamPattern.test(team))
      throw invalid('/team', 'team', 'team is not the name of a team.');
    const raisedBy = oneOf('raisedBy', query['raisedBy']);
    if (raisedBy !== undefined && (raisedBy === '' || raisedBy.length > 300)) {
      throw invalid('/raisedBy', 'raisedBy', 'raisedBy is `me`, or a subject of at most 300 characters.');
    }
    const states = statesOf(oneOf('state', query['state']));
    const limit = limitOf(query['limit']);
    const after = placeOf(query['cursor']);
    const page = await this.outerLoop.insights(person, {
      // one more tells whether there is a next page
      limit: limit + 1,
      ...(states && { states }),
      ...(team !== undefined && { team }),
      ...(raisedBy !== undefined && { raisedBy: raisedBy === 'me' ? person.subject : raisedBy }),
      ...(after && { after }),
    });
    const items = page.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(insightView),
      ...(page.length > limit && last && { cursor: cursorOf({ at: last.raisedAt, id: last.insightId }) }),
    };
  }

  @Get(':insightId')
  async read(
    @Param('insightId') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = await this.outerLoop.insight(personOf(principal), idFrom(id, 'insight'));
    if (!found) throw new Problem('not-found', 'There is no such insight.');
    void reply.header('etag', etagOf(found.insight.version));
    return { ...insightView(found.insight), history: found.history.map(eventView) };
  }

  @Post(':insightId/:command')
  @HttpCode(200)
  async command(
    @Param('insightId') id: string,
    @Param('command') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const insightId = idFrom(id, 'insight');
    if (!Object.hasOwn(readers, name)) {
      throw new Problem('not-found', `There is no command ${name}: ${Object.keys(readers).join(', ')}.`);
    }
    const given = readers[name as GivenAnswer['type']](body);
    const expected = expectedVersionOf(ifMatch, 'insight');
    if (given.type === 'assign') await this.assertThere(given.team, authorization);
    const result = await this.answer.handle(personOf(principal), insightId, expected, given);
    switch (result.kind) {
      case 'done':
        void reply.header('etag', etagOf(result.insight.version));
        return {
          ...insightView(result.insight),
          ...(result.improvement && { improvement: result.improvement }),
        };
      case 'unknown':
        throw new Problem('not-found', 'There is no such insight.');
      case 'not-yours':
        throw new Problem('forbidden', `${name} is not yours to do: the team ${result.team} answers this insight.`);
      case 'invalid':
        throw new Problem('invalid', result.errors[0]!.message, { errors: result.errors });
      case 'conflict': {
        const { version, state } = result.insight;
        throw new Problem('version-conflict', `The insight is at version ${version}, not ${expected}.`, {
          headers: { etag: etagOf(version) },
          ...{ version, state, happened: result.since.map(eventView) },
        });
      }
      case 'refused': {
        const { version, state } = result.insight;
        throw new Problem('transition-refused', result.message, { reason: result.reason, version, state });
      }
    }
  }

  private assertThere(team: string | undefined, authorization: string | undefined): Promise<void> {
    return this.teams.assertThere(team === undefined ? [] : [{ pointer: '/team', team }], authorization);
  }
}

function statesOf(value: string | undefined): InsightState[] | undefined {
  return value?.split(',').flatMap((state) => {
    if (state === 'answered') return answered;
    if (insightStates.includes(state as InsightState)) return [state as InsightState];
    const known = [...insightStates, 'answered'].join(', ');
    throw invalid('/state', 'state', `state is one or several of ${known}.`);
  });
}
