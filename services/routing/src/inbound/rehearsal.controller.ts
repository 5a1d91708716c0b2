import { Readable } from 'node:stream';
import type { Violation } from '@closeloop/contracts';
import { AcceptsStream, ForPeople, invalid, parseJson, Problem, problemOf, SenderGone } from '@closeloop/platform';
import { Body, Controller, Headers, HttpCode, Logger, Param, Post, Query, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ActiveRules } from '../application/active-rules.js';
import { DryRunRules, type DryRunLine, type Tagged } from '../application/dry-run.handler.js';
import { explainRoute } from '../domain/explain-route.js';
import { KeptStore } from '../domain/kept-store.js';
import { compileSaved } from '../domain/rule-set.js';
import { RuleSetStore, type RuleSetDocument } from '../domain/rule-set.store.js';
import { taggedFrom } from './given-feedback.js';
import { linesOf } from './ndjson.js';
import { DryRunRequest, isUuid, periodOf, ruleSetId } from './rehearsal.request.js';
import { bodyOf, noSuchRuleSet } from './request.js';

const ndjson = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];
const maxRequestBytes = 64 * 1024;
/** Each takes its share of one processor. */
const mostAtOnce = 2;
/** Lines of a file that are refused with their reasons; more are counted only. */
const toldRefusals = 100;

const dryRunRequest = bodyOf(DryRunRequest);

type Line =
  (DryRunLine & { readonly refused?: number }) | { kind: 'refused'; line: number; errors: readonly Violation[] };

/** Rule sets are tried and explained here, beside the way of the feedback. */
@Controller('v1/rule-sets')
@ForPeople('manager', 'admin')
export class RehearsalController {
  readonly #logger = new Logger('DryRun');
  #running = 0;
  #stopping = false;

  constructor(
    private readonly ruleSets: RuleSetStore,
    private readonly kept: KeptStore,
    private readonly activeRules: ActiveRules,
    private readonly dryRuns: DryRunRules,
    host: HttpAdapterHost,
  ) {
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', (done) => {
      this.#stopping = true;
      done();
    });
  }

  /** Why a feedback goes where it goes by that rule set: of each rule what was false. */
  @Post(':id/explain')
  @HttpCode(200)
  async explain(@Param('id') id: string, @Body() body: unknown) {
    const ruleSet = await this.#find(id);
    const tagged = await this.#subjectOf(body);
    // Nothing is routed here from hour to hour: what is active is looked up when it is asked for.
    await this.activeRules.refresh();
    const { version = 0, rules, state } = ruleSet;
    const compiled = compileSaved(version, rules);
    const { route, ...explanation } = explainRoute(compiled, rules, tagged, this.activeRules.current.fallbacks);
    const { feedbackId, revision } = tagged.feedback;
    return {
      ...{ ruleSet: ruleSet.id, state, ...(ruleSet.version !== undefined && { version }) },
      ...{ feedback: { feedbackId, revision }, tagged: tagged.tags !== null },
      // A draft has no version that a route could say.
      route: ruleSet.version === undefined ? { ...route, ruleSetVersion: null } : route,
      ...explanation,
    };
  }

  /** Answers with a stream of lines: how far it is each second, and the report at the end. Who hangs up ends it. */
  @Post(':id/dry-run')
  @AcceptsStream({ mediaTypes: ['application/json', ...ndjson] })
  async dryRun(
    @Param('id') id: string,
    @Body() body: Readable | undefined,
    @Headers('content-type') contentType: string | undefined,
    @Query('against') againstInQuery: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const ruleSet = await this.#find(id);
    const file = ndjson.includes(contentType?.split(';')[0]?.trim().toLowerCase() ?? '');
    const request = file ? {} : dryRunRequest(await this.#json(body));
    const other = request.against ?? againstInQuery ?? 'active';
    if (typeof other !== 'string' || !ruleSetId.test(other)) {
      throw invalid('/against', 'matches', 'against is the id of a rule set: draft-3, 12 or active.');
    }
    const against = await this.ruleSets.find(other);
    if (!against) throw invalid('/against', 'ruleSet', 'There is no such rule set to compare with.');
    const period = file ? undefined : periodOf(request);
    if (this.#running >= mostAtOnce) {
      const headers = { 'retry-after': '10' };
      throw new Problem('rate-limited', `${mostAtOnce} dry runs are under way: ask again when one is done.`, {
        headers,
      });
    }
    const lines = period
      ? this.dryRuns.overKept(ruleSet, against, period)
      : this.#overFile(ruleSet, against, body ?? Readable.from([]));
    this.#running += 1;
    reply.raw.once('close', () => (this.#running -= 1));
    await reply
      .code(200)
      .type('application/x-ndjson')
      .send(Readable.from(this.#told(lines, reply)));
  }

  async *#told(lines: AsyncGenerator<Line, void>, reply: FastifyReply): AsyncGenerator<string> {
    try {
      for await (const line of lines) {
        yield `${JSON.stringify(line)}\n`;
        if (!this.#stopping || line.kind === 'report') continue;
        const problem = new Problem('store-unavailable', 'The service is being stopped. Ask again.').document();
        yield `${JSON.stringify({ kind: 'stopped', problem })}\n`;
        return;
      }
    } catch (error) {
      if (error instanceof SenderGone) return;
      const { document, log } = problemOf(error);
      if (log) this.#logger[log.level](`A dry run stopped: ${log.message}`, log.stack);
      yield `${JSON.stringify({ kind: 'stopped', problem: document })}\n`;
    } finally {
      // What is left of a file is let go, so that its sender comes to read the report.
      reply.request.raw.resume();
    }
  }

  async *#overFile(ruleSet: RuleSetDocument, against: RuleSetDocument, body: Readable): AsyncGenerator<Line, void> {
    const refused: { line: number; errors: readonly Violation[] }[] = [];
    let count = 0;
    const given = async function* (): AsyncGenerator<Tagged, void> {
      for await (const { line, bytes } of linesOf(body)) {
        const read = bytes === undefined ? tooLong : readLine(bytes);
        if (!('violations' in read)) {
          yield read;
          continue;
        }
        count += 1;
        if (count <= toldRefusals) refused.push({ line, errors: read.violations });
      }
    };
    for await (const line of this.dryRuns.overGiven(ruleSet, against, given())) {
      for (const one of refused.splice(0)) yield { kind: 'refused', ...one };
      yield line.kind === 'report' ? { ...line, refused: count } : line;
    }
  }

  async #find(id: string): Promise<RuleSetDocument> {
    const ruleSet = await this.ruleSets.find(id);
    if (!ruleSet) throw noSuchRuleSet();
    return ruleSet;
  }

  /** One that is kept, by its id, or one that is given */
  async #subjectOf(body: unknown): Promise<Tagged> {
    const feedbackId = typeof body === 'object' && body !== null && 'feedbackId' in body ? body.feedbackId : undefined;
    if (feedbackId === undefined) {
      if (typeof body !== 'object' || body === null || !('feedback' in body)) {
        throw invalid('', 'feedback', 'Give the feedbackId of one that is kept, or feedback and tags.');
      }
      const given = taggedFrom(body);
      if (!('violations' in given)) return given;
      throw new Problem('invalid', 'The feedback is not valid', { errors: given.violations });
    }
    if (typeof feedbackId !== 'string' || !isUuid(feedbackId.toLowerCase())) {
      throw invalid('/feedbackId', 'isUuid', 'feedbackId must be a UUID');
    }
    const found = await this.kept.find(feedbackId);
    if (!found) throw new Problem('not-found', 'No such feedback is kept: it was deleted, or came too long ago.');
    return found;
  }

  async #json(body: Readable | undefined): Promise<unknown> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of body ?? []) {
      size += (part as Buffer).length;
      if (size > maxRequestBytes) throw new Problem('too-large', `The request has at most ${maxRequestBytes} bytes.`);
      parts.push(part as Buffer);
    }
    if (size === 0) return {};
    return parseJson(Buffer.concat(parts));
  }
}

const tooLong = { violations: [{ pointer: '', rule: 'maxLength', message: 'The line is too long for a feedback' }] };

function readLine(bytes: Buffer): ReturnType<typeof taggedFrom> {
  try {
    return taggedFrom(parseJson(bytes));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { violations: error.errors ?? [] };
  }
}
