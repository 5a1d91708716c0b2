import { AcceptsJson, CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ActivateRuleSetHandler, InvalidRuleSetError } from '../application/activate-rule-set.handler.js';
import { RuleSetConflictError, RuleSetStore, UnknownTeamError, type StoredRuleSet } from '../domain/rule-set.store.js';
import { actorOf } from './actor.js';
import { readRuleSet } from './rule-set.input.js';

/** A rule set of the most rules, each of the longest condition, fits. */
const maxBodyBytes = 8 * 1024 * 1024;

@Controller('v1/rule-sets')
export class RuleSetsController {
  constructor(
    private readonly ruleSets: RuleSetStore,
    private readonly activateRuleSet: ActivateRuleSetHandler,
  ) {}

  @Get('active')
  @ForPeople()
  active(): Promise<StoredRuleSet> {
    return this.ruleSets.active();
  }

  @Post()
  @HttpCode(201)
  @ForPeople('manager', 'admin')
  @AcceptsJson({ maxBytes: maxBodyBytes })
  async activate(@Body() body: unknown, @CurrentPrincipal() principal: Principal): Promise<StoredRuleSet> {
    const input = readRuleSet(body);
    if ('violations' in input) throw new Problem('invalid', 'The rule set is not valid', { errors: input.violations });
    try {
      return await this.activateRuleSet.handle(input.rules, actorOf(principal), input.basedOn);
    } catch (error) {
      if (error instanceof InvalidRuleSetError) {
        throw new Problem('invalid', 'The rule set is not valid', { errors: error.violations });
      }
      if (error instanceof RuleSetConflictError) {
        throw new Problem('version-conflict', error.message, { activeVersion: error.activeVersion });
      }
      if (error instanceof UnknownTeamError) throw new Problem('version-conflict', error.message);
      throw error;
    }
  }
}
