import { loopStates, teamPattern, type LoopState } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { DraftResponse } from '../application/draft-response.handler.js';
import { ReadLoops } from '../application/read-loops.handler.js';
import { type Loop } from '../domain/loop.js';
import { DraftRequest } from './loop-command.request.js';
import { countsView, draftView, eventView, feedbackView, loopView } from './loop-view.js';
import { bodyOf, etagOf, isUuid, loopIdFrom, oneOf, personOf } from './request.js';

const draftRequest = bodyOf(DraftRequest);

const defaultLimit = 50;
const maxLimit = 200;

/** What agents see of their teams' loops, managers and admins of all. */
@Controller('v1/loops')
@ForPeople('agent', 'manager', 'admin')
export class LoopsController {
  constructor(
    private readonly loops: ReadLoops,
    private readonly drafts: DraftResponse,
  ) {}

  /** Newest first. `state` may name several, by commas. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    for (const name of Object.keys(query)) {
      if (!['team', 'state', 'feedbackId', 'cursor', 'limit'].includes(name)) {
        throw invalid('', name, `There is no filter ${name}.`);
      }
    }
    const team = oneOf('team', query['team']);
    if (team !== undefined && !teamPattern.test(team)) throw invalid('', 'team', 'team is not the name of a team.');
    const feedbackId = oneOf('feedbackId', query['feedbackId']);
    if (feedbackId !== undefined && !isUuid(feedbackId)) throw invalid('', 'feedbackId', 'feedbackId is not a UUID.');
    const states = statesOf(oneOf('state', query['state']));
    const limit = limitOf(oneOf('limit', query['limit']));
    const after = placeOf(oneOf('cursor', query['cursor']));
    const page = await this.loops.page(personOf(principal), {
      // one more tells whether there is a next page
      limit: limit + 1,
      ...(team !== undefined && { team }),
      ...(states && { states }),
      ...(feedbackId !== undefined && { feedbackId }),
      ...(after && { after }),
    });
    if (page.kind !== 'found') throw new Problem('forbidden', 'You are not in this team.');
    const items = page.value.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(loopView), ...(page.value.length > limit && last && { cursor: cursorOf(last) }) };
  }

  @Get('counts')
  async counts(@CurrentPrincipal() principal: Principal) {
    return countsView(await this.loops.counts(personOf(principal)));
  }

  /** The loop, its history, the feedback in it and the drafts. */
  @Get(':loopId')
  async read(
    @Param('loopId') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = await this.loops.one(personOf(principal), loopIdFrom(id));
    if (found.kind !== 'found') throw new Problem('not-found', 'There is no such loop.');
    const { loop, history, feedback, drafts } = found.value;
    void reply.header('etag', etagOf(loop.version));
    return {
      ...loopView(loop),
      history: history.map(eventView),
      // the count is of those that are not deleted; the list has them all
      feedbackCount: loop.feedback,
      feedback: feedback.map(feedbackView),
      drafts: drafts.map((draft) => draftView(draft, feedback)),
    };
  }

  /** The caller's unfinished answer: one for each agent and loop. */
  @Put(':loopId/draft')
  async draft(@Param('loopId') id: string, @Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const draft = draftRequest(body);
    const saved = await this.drafts.handle(personOf(principal), loopIdFrom(id), {
      ...draft,
      feedbackId: draft.feedbackId.toLowerCase(),
    });
    if (saved.kind === 'unknown') throw new Problem('not-found', 'There is no such loop.');
    if (saved.kind === 'not-yours')
      throw new Problem('forbidden', 'Only those who may answer the customer draft an answer.');
    if (saved.kind === 'refused') throw new Problem('transition-refused', saved.message, { reason: saved.reason });
    return { stale: saved.stale };
  }
}

function statesOf(text: string | undefined): LoopState[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((state) => {
    if (!loopStates.includes(state as LoopState)) {
      throw invalid('', 'state', `state is one or several of ${loopStates.join(', ')}.`);
    }
    return state as LoopState;
  });
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return defaultLimit;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) throw invalid('', 'limit', `limit is a number from 1 to ${maxLimit}.`);
  return limit;
}

const cursorOf = ({ openedAt, loopId }: Loop): string =>
  Buffer.from(JSON.stringify([openedAt.toISOString(), loopId])).toString('base64url');

function placeOf(cursor: string | undefined): { openedAt: Date; loopId: string } | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [openedAt, loopId] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string];
    if (isUuid(loopId) && !Number.isNaN(Date.parse(openedAt))) return { openedAt: new Date(openedAt), loopId };
  } catch {
    // told below
  }
  throw invalid('', 'cursor', 'cursor is not one that this route gave.');
}
