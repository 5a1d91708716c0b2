import { teamPattern } from '@closeloop/contracts';
import { auditActorOf, CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { EmergingStore, type ShownIssue } from '../domain/emerging/emerging-store.js';
import { DismissRequest } from './emerging.request.js';
import { isUuid, limitOf, oneOf, periodOf, personOf, teamsOf } from './metric-question.js';
import { bodyOf } from './request.js';

const dayMs = 86_400_000;
const dismissRequest = bodyOf(DismissRequest);

/** What came more often than it was expected to: for agents of their teams, for managers and admins of all. */
@Controller('v1/emerging')
@ForPeople('agent', 'manager', 'admin')
export class EmergingController {
  constructor(private readonly issues: EmergingStore) {}

  /** Open ones first, then the newest. With `from` or `to`: those that touch these days, which may be long past. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    for (const name of Object.keys(query)) {
      if (!['open', 'team', 'from', 'to', 'limit'].includes(name)) {
        throw invalid(`/${name}`, 'whitelistValidation', `There is no parameter ${name}.`);
      }
    }
    const teams = askedTeams(oneOf('team', query['team']), teamsOf(personOf(principal)));
    const days = query['from'] === undefined && query['to'] === undefined ? undefined : daysOf(query);
    const issues = await this.issues.list({
      ...{ open: openOf(query['open']), limit: limitOf(query['limit']) },
      ...(teams && { teams }),
      ...(days && { days }),
    });
    return { items: issues.map(viewOf) };
  }

  /** It is nothing: it leaves the list of what is open, and does not come back while it lasts. */
  @Post(':emergingId/dismiss')
  @HttpCode(200)
  @ForPeople('manager', 'admin')
  async dismiss(@Param('emergingId') id: string, @Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { reason } = dismissRequest(body);
    const emergingId = id.toLowerCase();
    const issue = isUuid(emergingId)
      ? await this.issues.dismiss(emergingId, { reason, by: auditActorOf(principal) })
      : undefined;
    if (!issue) throw new Problem('not-found', 'There is no such emerging issue.');
    return viewOf(issue);
  }
}

function askedTeams(asked: string | undefined, own: readonly string[] | undefined): readonly string[] | undefined {
  if (asked === undefined) return own;
  if (!teamPattern.test(asked)) throw invalid('/team', 'matches', 'team is not the name of a team.');
  if (own && !own.includes(asked)) throw new Problem('forbidden', 'You are not in this team.');
  return [asked];
}

function openOf(value: unknown): boolean {
  const open = oneOf('open', value) ?? 'false';
  if (open === 'true' || open === 'false') return open === 'true';
  throw invalid('/open', 'isIn', 'open is one of true, false.');
}

function daysOf(query: Readonly<Record<string, unknown>>): readonly [number, number] {
  const { from, to } = periodOf(query);
  return [Math.floor(from.getTime() / dayMs), Math.ceil(to.getTime() / dayMs)];
}

const dateOf = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

const viewOf = ({ key, since, foundOn, lastDay, p: _p, ...issue }: ShownIssue) => ({
  ...{ ...issue, ...key, since: dateOf(since), foundOn: dateOf(foundOn), lastDay: dateOf(lastDay) },
});
