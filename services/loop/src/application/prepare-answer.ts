import { maxReplyLength, replyIdOf } from '@closeloop/contracts';
import { type ProblemError } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { aimOf, answeredBy, type Writing } from '../domain/answer.js';
import { type FeedbackRef, type Loop } from '../domain/loop.js';
import { type EventWords, type LoopTransaction, type ReadFeedback } from '../domain/loop-store.js';
import { type Person } from '../domain/permission.js';
import { replyOf } from '../domain/reply.js';
import { render, type Value } from '../domain/template.js';
import { keptOf, knownValuesOf, languageOf } from './known-values.js';

/** An answer as somebody gives it: given elsewhere and recorded here, or to be sent. */
export interface GivenResponse {
  readonly type: 'respond';
  /** The words, unless a template gives them */
  readonly text?: string;
  readonly templateId?: string;
  readonly variables?: Readonly<Record<string, Value>>;
  /** Needed for what was given elsewhere; what is sent goes where the customer spoke, unless it is named */
  readonly channel?: string;
  readonly send?: boolean;
  readonly feedbackId?: string;
  readonly revision?: number;
  /** Although the words were revised since they were read */
  readonly confirmStale?: boolean;
  /** Although somebody else is answering */
  readonly takeOver?: boolean;
}

/** An answer that may be given. */
export interface PreparedAnswer {
  readonly kind: 'prepared';
  readonly response: { readonly text: string; readonly channel: string; readonly takenOverFrom?: string };
  /** Under the version of the loop that it makes */
  wordsFor(after: Loop): EventWords;
  readonly sending?: {
    readonly feedback: FeedbackRef;
    readonly source: string;
    readonly externalId?: string;
    readonly language?: string;
  };
}

export type AnswerRefused =
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string; readonly feedback?: FeedbackRef }
  | { readonly kind: 'being-answered'; readonly writing: readonly Writing[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** What is to be looked at before an answer is given, and done with it. */
@Injectable()
export class PrepareAnswer {
  async prepare(
    tx: LoopTransaction,
    now: Date,
    person: Person,
    loop: Loop,
    given: GivenResponse,
  ): Promise<PreparedAnswer | AnswerRefused> {
    const { loopId } = loop;
    const writing = await tx.writingOf(loopId, now);
    const other = answeredBy(writing, person.subject, now);
    if (other !== undefined && !given.takeOver) return { kind: 'being-answered', writing };

    const inIt = await tx.feedbackOf(loopId);
    const draft = (await tx.draftsOf(loopId)).find(({ agent }) => agent === person.subject);
    const aimed = aimOf(
      inIt.map(({ feedback: { feedbackId, revision, outcome } }) => ({
        ...{ feedbackId, revision, withdrawn: outcome === 'withdrawn' },
      })),
      { ...given, ...(draft && { draft }) },
      given.send ?? false,
    );
    if (aimed.kind === 'refused') return aimed;
    if (aimed.kind === 'ambiguous')
      return wrong('/feedbackId', 'isDefined', 'The loop has several feedback: say which one this answers.');
    if (aimed.kind === 'stale') {
      const message = `What this answers was revised since: it is at revision ${aimed.latest.revision}. Send confirmStale to answer all the same.`;
      return { kind: 'refused', reason: 'stale', message, feedback: aimed.latest };
    }
    const answered = inIt.find(({ feedback }) => feedback.feedbackId === aimed.feedback?.feedbackId);
    const kept = keptOf(answered);
    const channel = given.channel ?? (given.send ? kept?.feedback.channel : undefined);
    if (channel === undefined) return wrong('/channel', 'isDefined', 'Say by which channel the customer was answered.');
    const written = await this.write(tx, loop, given, answered);
    if ('kind' in written) return written;
    const { text } = written;
    if (given.send && text.length > maxReplyLength) {
      return wrong('/text', 'maxLength', `A reply that is sent has at most ${maxReplyLength} characters.`);
    }
    return {
      kind: 'prepared',
      response: { text, channel, ...(other !== undefined && { takenOverFrom: other }) },
      wordsFor: ({ version }) => ({
        ...{ kind: 'response', loopId, version, body: { text, channel } },
        ...(aimed.feedback && { feedbackId: aimed.feedback.feedbackId }),
      }),
      ...(given.send && {
        sending: { feedback: aimed.feedback!, source: answered!.feedback.source, ...addressOf(answered) },
      }),
    };
  }

  private async write(
    tx: LoopTransaction,
    loop: Loop,
    { text, templateId, variables = {} }: GivenResponse,
    answered: ReadFeedback | undefined,
  ): Promise<{ readonly text: string } | AnswerRefused> {
    if ((text === undefined) === (templateId === undefined)) {
      return wrong('/text', 'isDefined', 'Give a text or a template, one of both.');
    }
    if (text !== undefined) return { text };
    const template = await tx.templateOf(loop.team, templateId!);
    if (!template) return wrong('/templateId', 'known', `The team ${loop.team} has no such template.`);
    const rendered = render(template, languageOf(answered), variables, knownValuesOf(loop, answered));
    return rendered.kind === 'rendered' ? { text: rendered.text } : { kind: 'invalid', errors: rendered.violations };
  }

  /** After the loop has moved. */
  async finish(tx: LoopTransaction, now: Date, person: Person, loop: Loop, answer: PreparedAnswer): Promise<void> {
    const { loopId, version, cycle } = loop;
    const { response, sending } = answer;
    await tx.deleteDraft(loopId, person.subject);
    const done = response.takenOverFrom === undefined ? [] : [response.takenOverFrom];
    await tx.stopWriting(loopId, [person.subject, ...done], now);
    if (!sending) return;
    const { feedback, ...address } = sending;
    const request = {
      ...{ replyId: replyIdOf(loopId, version), kind: 'answer' as const, loopId, ...feedback, ...address },
      ...{ channel: response.channel, text: response.text, at: now.toISOString() },
    };
    await tx.requestReply(replyOf(request, { cycle, version }), request);
  }
}

/** What a connector needs to find where the customer spoke, and the language to be answered in. */
function addressOf(answered: ReadFeedback | undefined): { externalId?: string; language?: string } {
  const externalId = keptOf(answered)?.feedback.externalId;
  const language = languageOf(answered);
  return { ...(externalId && { externalId }), ...(language !== undefined && { language }) };
}

const wrong = (pointer: string, rule: string, message: string): AnswerRefused => ({
  ...{ kind: 'invalid', errors: [{ pointer, rule, message }] },
});
