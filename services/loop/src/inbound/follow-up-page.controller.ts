import { forbiddenCharacters } from '@closeloop/contracts';
import { AcceptsForm, Metrics, Public } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res, UseFilters } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Counter } from 'prom-client';
import { AnswerFollowUp, type FollowUpSeen } from '../application/answer-follow-up.handler.js';
import { FollowUpConfig } from '../follow-up.config.js';
import { FollowUpPageFilter } from './follow-up-page.filter.js';
import { maxWords, pageHeaders, pageOf, type Entered, type Page } from './follow-up-page.js';

/** The words, each character of them escaped, and a few bytes. */
const maxBytes = 64 * 1024;

/**
 * The page that a follow-up's link leads to, for anybody who has the link. Reading it records nothing: mail servers look
 * at links before people do.
 */
@Controller('f')
@Public()
@UseFilters(FollowUpPageFilter)
export class FollowUpPageController {
  private readonly answers: Counter<'question' | 'outcome'>;

  constructor(
    private readonly handler: AnswerFollowUp,
    private readonly config: FollowUpConfig,
    registry: Metrics,
  ) {
    this.answers = new Counter({
      name: 'loop_follow_up_answers_total',
      help: 'Answers of customers to follow-ups, by what they did to the loop',
      labelNames: ['question', 'outcome'],
      registers: [registry],
    });
  }

  @Get(':token')
  async read(
    @Param('token') token: string,
    @Query('score') score: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.show(reply, await this.handler.read(token), { score: scoreOf(score) });
  }

  @Post(':token')
  @HttpCode(200)
  @AcceptsForm({ maxBytes })
  async answer(
    @Param('token') token: string,
    @Body() fields: Readonly<Record<string, string>>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const score = scoreOf(fields['score']);
    const words = fields['words']?.replaceAll('\r\n', '\n').trim() || undefined;
    if (words !== undefined && (words.length > maxWords || forbiddenCharacters(words))) {
      // shown again without what cannot be shown
      const shown = words.replaceAll('\0', '').slice(0, maxWords);
      return this.show(reply, await this.handler.read(token), { score, words: shown, wrong: 'words' });
    }
    const result = await this.handler.answer(token, {
      ...(score !== undefined && { score }),
      ...(words !== undefined && { words }),
    });
    if (result.kind === 'score-missing') return this.show(reply, result.seen, { words, wrong: 'score' });
    if (result.kind === 'answered' && result.isNew) {
      this.answers.inc({ question: result.question, outcome: result.outcome });
    }
    return this.show(reply, result);
  }

  private show(reply: FastifyReply, seen: FollowUpSeen, entered?: Entered): string {
    const { status, language, html }: Page = pageOf(seen, entered, this.config.publicName);
    void reply.code(status).headers({ ...pageHeaders, 'content-language': language });
    return html;
  }
}

const scoreOf = (text: unknown): number | undefined =>
  typeof text === 'string' && /^[1-9]$/.test(text) ? Number(text) : undefined;
