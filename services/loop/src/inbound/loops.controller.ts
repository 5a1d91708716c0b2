import { loopStates, priorities, teamPattern } from '@closeloop/contracts';
import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ReadFollowUps } from '../application/read-follow-ups.handler.js';
import { DraftResponse, type DraftResult, type WritingNow } from '../application/draft-response.handler.js';
import { ReadLoops } from '../application/read-loops.handler.js';
import { loopOrders } from '../domain/loop-store.js';
import { DraftRequest } from './loop-command.request.js';
import { followUpView } from './follow-up-view.js';
import { countsView, draftView, eventView, feedbackView, listedView, loopView } from './loop-view.js';
import { placeAfter, placeOf } from './loop-cursor.js';
import { assertKnown, bodyOf, choicesOf, etagOf, isUuid, limitOf, loopIdFrom, oneOf, personOf } from './request.js';

const draftRequest = bodyOf(DraftRequest);

/** What agents see of their teams' loops, managers and admins of all. */
@Controller('v1/loops')
@ForPeople('agent', 'manager', 'admin')
export class LoopsController {
  constructor(
    private readonly loops: ReadLoops,
    private readonly drafts: DraftResponse,
    private readonly followUps: ReadFollowUps,
  ) {}

  /** Newest first, or by what is due first. `state` and `priority` may name several, by commas. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    assertKnown(query, [
      ...['team', 'state', 'feedbackId', 'owner', 'priority', 'overdue', 'q', 'sort', 'cursor', 'limit'],
    ]);
    const team = oneOf('team', query['team']);
    if (team !== undefined && !teamPattern.test(team)) throw invalid('', 'team', 'team is not the name of a team.');
    const feedbackId = oneOf('feedbackId', query['feedbackId']);
    if (feedbackId !== undefined && !isUuid(feedbackId)) throw invalid('', 'feedbackId', 'feedbackId is not a UUID.');
    const owner = oneOf('owner', query['owner']);
    if (owner !== undefined && (owner === '' || owner.length > 300)) {
      throw invalid('', 'owner', 'owner is the subject of a person, of at most 300 characters.');
    }
    const states = choicesOf('state', query['state'], loopStates);
    const wanted = choicesOf('priority', query['priority'], priorities);
    const [order = 'newest', ...others] = choicesOf('sort', query['sort'], loopOrders) ?? [];
    if (others.length > 0) throw invalid('', 'sort', `sort is one of ${loopOrders.join(', ')}.`);
    const overdue = oneOf('overdue', query['overdue']) ?? 'false';
    if (overdue !== 'true' && overdue !== 'false') throw invalid('', 'overdue', 'overdue is true or false.');
    const contains = oneOf('q', query['q'])?.trim();
    if (contains !== undefined && (contains.length < 2 || contains.length > 200)) {
      throw invalid('', 'q', 'q is a text of 2 to 200 characters.');
    }
    const limit = limitOf(query['limit']);
    const after = placeOf(query['cursor'], order);
    const page = await this.loops.page(personOf(principal), {
      // one more tells whether there is a next page
      limit: limit + 1,
      order,
      overdue: overdue === 'true',
      ...(wanted && { priorities: wanted }),
      ...(contains !== undefined && { contains }),
      ...(team !== undefined && { team }),
      ...(states && { states }),
      ...(feedbackId !== undefined && { feedbackId }),
      ...(owner !== undefined && { owner }),
      ...(after && { after }),
    });
    if (page.kind !== 'found') throw new Problem('forbidden', 'You are not in this team.');
    const items = page.value.slice(0, limit);
    const last = items.at(-1);
    const cursor = last && placeAfter(order, last);
    return { items: items.map(listedView), ...(page.value.length > limit && { cursor }) };
  }

  @Get('counts')
  async counts(@CurrentPrincipal() principal: Principal) {
    return countsView(await this.loops.counts(personOf(principal)));
  }

  /** The loop, its history, the feedback in it, the drafts, and what the customer was asked. */
  @Get(':loopId')
  async read(
    @Param('loopId') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = await this.loops.one(personOf(principal), loopIdFrom(id));
    if (found.kind !== 'found') throw new Problem('not-found', 'There is no such loop.');
    const { history, feedback, drafts, writing, replies, ...shown } = found.value;
    const followUps = await this.followUps.ofLoop(shown.loop.loopId);
    void reply.header('etag', etagOf(shown.loop.version));
    return {
      ...loopView(shown),
      history: history.map(eventView),
      // the count is of those that are not deleted; the list has them all
      feedbackCount: shown.loop.feedback,
      feedback: feedback.map(feedbackView),
      drafts: drafts.map((draft) => draftView(draft, feedback)),
      followUps: followUps.map(followUpView),
      writing,
      replies: replies.map(({ loopId: _loopId, ...reply }) => reply),
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
    if (saved.kind !== 'saved') throw refusal(saved);
    const { stale, ...now } = saved;
    return { stale, ...writingView(now) };
  }

  /** Shows for a while longer that the caller writes. */
  @Post(':loopId/draft/lock')
  @HttpCode(200)
  async keepWriting(@Param('loopId') id: string, @Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    if (body !== undefined && (typeof body !== 'object' || body === null || Object.keys(body).length > 0)) {
      throw invalid('', 'whitelistValidation', 'This takes nothing.');
    }
    const kept = await this.drafts.keepWriting(personOf(principal), loopIdFrom(id));
    if (kept.kind !== 'writing') throw refusal(kept);
    return writingView(kept);
  }

  /** Gives up the caller's draft, and the place as the one who answers. */
  @Delete(':loopId/draft')
  @HttpCode(204)
  async discard(@Param('loopId') id: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    if (!(await this.drafts.discard(personOf(principal), loopIdFrom(id)))) {
      throw new Problem('not-found', 'There is no such loop.');
    }
  }
}

/** Who writes; a warning where somebody else began before. */
const writingView = ({ until, writing, heldBy }: WritingNow) => ({
  ...{ until, writing },
  ...(heldBy !== undefined && { warning: { reason: 'being-answered', by: heldBy } }),
});

function refusal(refused: Exclude<DraftResult, { kind: 'saved' }>): Problem {
  switch (refused.kind) {
    case 'unknown':
      return new Problem('not-found', 'There is no such loop.');
    case 'not-yours':
      return new Problem('forbidden', 'Only those who may answer the customer draft an answer.');
    case 'refused':
      return new Problem('transition-refused', refused.message, { reason: refused.reason });
  }
}
