import { AcceptsJson, auditActorOf, CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { InvalidRuleSetError, RuleSetsHandler } from '../application/rule-sets.handler.js';
import {
  AlreadyActiveError,
  DraftChangedError,
  RuleSetConflictError,
  RuleSetStore,
  UnknownTeamError,
  type RuleSetDocument,
  type RuleSetHeading,
} from '../domain/rule-set.store.js';
import { bodyOf, editionOf, noSuchRuleSet } from './request.js';
import { ActivateRequest, readRuleSet } from './rule-set.input.js';

/** A rule set of the most rules, each of the longest condition, fits. */
const maxBodyBytes = 8 * 1024 * 1024;
/** Drafts and versions that are listed */
const listed = 100;

const activateRequest = bodyOf(ActivateRequest);

const rulesOf = (body: unknown) => {
  const input = readRuleSet(body);
  if ('violations' in input) throw new Problem('invalid', 'The rule set is not valid', { errors: input.violations });
  return input;
};

/** Versioned rule sets: draft, active, retired. */
@Controller('v1/rule-sets')
export class RuleSetsController {
  constructor(
    private readonly ruleSets: RuleSetStore,
    private readonly handler: RuleSetsHandler,
  ) {}

  @Get()
  @ForPeople()
  async list(): Promise<{ items: readonly RuleSetHeading[] }> {
    return { items: await this.ruleSets.list(listed) };
  }

  /** `active` is an id too. */
  @Get(':id')
  @ForPeople()
  async read(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<RuleSetDocument> {
    const ruleSet = await this.ruleSets.find(id);
    if (!ruleSet) throw noSuchRuleSet();
    return tagged(ruleSet, reply);
  }

  @Post()
  @HttpCode(201)
  @ForPeople('manager', 'admin')
  @AcceptsJson({ maxBytes: maxBodyBytes })
  async create(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleSetDocument> {
    const { rules, basedOn, ...change } = rulesOf(body);
    const by = auditActorOf(principal);
    return tagged(await refusing(this.handler.create(rules, { ...change, basedOn, by })), reply);
  }

  @Put(':id')
  @ForPeople('manager', 'admin')
  @AcceptsJson({ maxBytes: maxBodyBytes })
  async edit(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleSetDocument> {
    const edition = editionOf(ifMatch);
    if (edition === undefined) {
      throw new Problem('if-match-missing', 'Send If-Match with the edition of the draft that you saw (its ETag).');
    }
    const { rules, basedOn, ...change } = rulesOf(body);
    await this.#draft(id);
    const by = auditActorOf(principal);
    return tagged(await refusing(this.handler.edit(id, rules, { ...change, basedOn, edition, by })), reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @ForPeople('manager', 'admin')
  async remove(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    const edition = editionOf(ifMatch);
    await this.#draft(id);
    await refusing(this.ruleSets.deleteDraft(id, auditActorOf(principal), edition));
  }

  /** A draft, or a retired version again. */
  @Post(':id/activate')
  @HttpCode(200)
  @ForPeople('manager', 'admin')
  async activate(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RuleSetDocument> {
    const { reason, basedOn } = activateRequest(body);
    const change = { reason, basedOn: basedOn ?? undefined, edition: editionOf(ifMatch), by: auditActorOf(principal) };
    const activated = await refusing(this.handler.activate(id, change), 'transition-refused');
    if (!activated) throw noSuchRuleSet();
    return activated;
  }

  async #draft(id: string): Promise<void> {
    const ruleSet = await this.ruleSets.find(id);
    if (!ruleSet) throw noSuchRuleSet();
    if (ruleSet.state !== 'draft') {
      const detail = `It is version ${ruleSet.version}, ${ruleSet.state}: a version does not change, make a draft of it.`;
      throw new Problem('transition-refused', detail);
    }
  }
}

const tagged = (ruleSet: RuleSetDocument, reply: FastifyReply): RuleSetDocument => {
  if (ruleSet.edition !== undefined) void reply.header('etag', `"${ruleSet.edition}"`);
  return ruleSet;
};

/** What is refused, as the problem that the caller is told; rules that were right when they were saved are not the request's fault. */
async function refusing<T>(work: Promise<T>, invalid: 'invalid' | 'transition-refused' = 'invalid'): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof InvalidRuleSetError) {
      throw new Problem(invalid, 'The rule set is not valid', { errors: error.violations });
    }
    if (error instanceof RuleSetConflictError) {
      throw new Problem('version-conflict', error.message, { activeVersion: error.activeVersion });
    }
    if (error instanceof DraftChangedError) {
      const { message, edition } = error;
      throw new Problem('version-conflict', message, edition === undefined ? {} : { edition });
    }
    if (error instanceof AlreadyActiveError) throw new Problem('transition-refused', error.message);
    if (error instanceof UnknownTeamError) throw new Problem('version-conflict', error.message);
    throw error;
  }
}
