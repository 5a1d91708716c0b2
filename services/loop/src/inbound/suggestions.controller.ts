import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { SuggestAnswers } from '../application/suggest-answers.handler.js';
import { isUuid, loopIdFrom, oneOf, personOf } from './request.js';

/** What the team has answered to feedback like this one. */
@Controller('v1/loops')
@ForPeople('agent', 'manager', 'admin')
export class SuggestionsController {
  constructor(private readonly handler: SuggestAnswers) {}

  /** Nobody is answered by it: whoever takes one sends it. */
  @Get(':loopId/suggestions')
  async suggestions(
    @Param('loopId') id: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
  ) {
    const unknown = Object.keys(query).find((name) => name !== 'feedbackId');
    if (unknown !== undefined) throw invalid('', unknown, `There is no parameter ${unknown}.`);
    const feedbackId = oneOf('feedbackId', query['feedbackId'])?.toLowerCase();
    if (feedbackId !== undefined && !isUuid(feedbackId)) throw invalid('', 'feedbackId', 'feedbackId is not a UUID.');
    const result = await this.handler.handle(personOf(principal), loopIdFrom(id), feedbackId);
    switch (result.kind) {
      case 'unknown':
        throw new Problem('not-found', 'There is no such loop.');
      case 'not-yours':
        throw new Problem('forbidden', 'Only those who may answer the customer are shown answers.');
      case 'not-in-it':
        throw invalid('', 'feedbackId', 'This feedback is not in this loop.');
      case 'found':
        return {
          suggestions: result.suggestions.map(({ similarity, answer: { words: _words, ...answer } }) => ({
            ...{ similarity: Math.round(similarity * 100) / 100, ...answer },
          })),
          ...(result.suggestions.length === 0 && { message: 'The team has answered nothing that is similar enough.' }),
        };
    }
  }
}
