import { auditActorOf, CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { sourcePattern } from '@closeloop/contracts';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ReadDeadLettersHandler } from '../application/read-dead-letters.handler.js';
import {
  type Chosen,
  type Done,
  maxLetters,
  ReplayDeadLettersHandler,
} from '../application/replay-dead-letters.handler.js';
import { letterStates, type LetterFilter, type LetterPlace, type LetterState } from '../domain/dead-letters.js';
import { DiscardRequest, type LetterFilterRequest, ReplayRequest } from './dead-letter.request.js';
import { cursorOf, limitOf, partsOf, periodOf, queryOf, timeOf, timePattern, uuidPattern } from './query.js';
import { bodyOf } from './request-body.js';

const replayRequest = bodyOf(ReplayRequest);
const discardRequest = bodyOf(DiscardRequest);
const filters = ['feedbackId', 'topic', 'group', 'reason', 'source', 'from', 'to', 'state'] as const;

/** What died on its way: to look at, to send again, to give up. */
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly letters: ReadDeadLettersHandler,
    private readonly replays: ReplayDeadLettersHandler,
  ) {}

  /** Oldest first. */
  @Get()
  @ForPeople('manager', 'admin')
  async list(@Query() query: Record<string, unknown>) {
    const { limit, cursor, ...asked } = queryOf(query, [...filters, 'limit', 'cursor']);
    const { items, next } = await this.letters.page(
      filterOf(asked),
      placeFrom(cursor),
      limitOf(limit, { usual: 50, most: 200 }),
    );
    return { items, ...(next && { cursor: textOf(next) }) };
  }

  /** `value=true`: with what it holds, for admins; that it was shown is audited. */
  @Get(':id')
  @ForPeople('manager', 'admin')
  async read(
    @Param('id') given: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
  ) {
    const id = given.toLowerCase();
    const { value } = queryOf(query, ['value']);
    if (value !== undefined && value !== 'true' && value !== 'false')
      throw invalid('/value', 'isIn', 'value must be true or false.');
    if (value === 'true' && !(principal.kind === 'person' && principal.roles.includes('admin')))
      throw new Problem('forbidden', 'What a dead letter holds is for admins.');
    if (!uuidPattern.test(id)) throw new Problem('not-found', 'There is no such dead letter.');
    return value === 'true' ? this.letters.whole(id, auditActorOf(principal)) : this.letters.one(id);
  }

  /** Sends them to where they came from, for the group that failed alone. Twice is once. */
  @Post('replay')
  @HttpCode(200)
  @ForPeople('admin')
  async replay(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { again, ...request } = replayRequest(body);
    return answerOf(await this.replays.replay(chosenOf(request), again ?? false, auditActorOf(principal)));
  }

  @Post('discard')
  @HttpCode(200)
  @ForPeople('admin')
  async discard(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { reason, ...request } = discardRequest(body);
    return answerOf(await this.replays.discard(chosenOf(request), reason, auditActorOf(principal)));
  }
}

function chosenOf({ ids, filter, cursor }: Omit<ReplayRequest, 'again'>): Chosen {
  if ((ids == null) === (filter == null)) throw invalid('', 'chosen', 'Give ids or a filter, one of both.');
  if (ids) {
    if (cursor != null) throw invalid('/cursor', 'chosen', 'A cursor goes with a filter.');
    if (ids.length === 0) throw invalid('/ids', 'arraySize', `There must be 1 to ${maxLetters} ids.`);
    return { ids: ids.map((id) => id.toLowerCase()) };
  }
  const after = placeFrom(cursor ?? undefined);
  const { state, ...rest } = filter as LetterFilterRequest;
  return { filter: { ...filterOf(rest), state: state ?? 'open' }, ...(after && { after }) };
}

function filterOf(asked: { [Name in keyof LetterFilterRequest]?: string | null }): LetterFilter {
  const { state, source, feedbackId } = asked;
  if (feedbackId != null && !uuidPattern.test(feedbackId.toLowerCase()))
    throw invalid('/feedbackId', 'isUuid', 'feedbackId must be a UUID.');
  if (source != null && !sourcePattern.test(source))
    throw invalid('/source', 'matches', 'source is not the name of a source.');
  if (state != null && !letterStates.includes(state as LetterState))
    throw invalid('/state', 'isIn', `state must be one of ${letterStates.join(', ')}.`);
  return {
    ...(feedbackId != null && { feedbackId: feedbackId.toLowerCase() }),
    ...(asked.topic != null && { topic: asked.topic }),
    ...(asked.group != null && { group: asked.group }),
    ...(asked.reason != null && { reason: asked.reason }),
    ...(source != null && { source }),
    ...periodOf(asked),
    ...(state != null && { state: state as LetterState }),
  };
}

const textOf = ({ diedAt, id }: LetterPlace): string => cursorOf(diedAt.toISOString(), id);

function placeFrom(cursor: string | undefined): LetterPlace | undefined {
  if (cursor === undefined) return undefined;
  const [time, id] = partsOf(cursor, [timePattern, uuidPattern]);
  return { diedAt: timeOf('cursor', time)!, id: id! };
}

const answerOf = <Result>({ next, ...done }: Done<Result>) => ({ ...done, ...(next && { next: textOf(next) }) });
