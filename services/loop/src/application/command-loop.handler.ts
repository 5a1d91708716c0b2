import { Injectable } from '@nestjs/common';
import { loopIdOf, type LoopChanged } from '@closeloop/contracts';
import { auditedCommand } from '../domain/audited-command.js';
import { type ProblemError } from '@closeloop/platform';
import { type Writing } from '../domain/answer.js';
import {
  circumstancesOf,
  decide,
  evolve,
  Refusal,
  type FeedbackRef,
  type Loop,
  type LoopCommand,
} from '../domain/loop.js';
import { mayCommand, mayRead, type PeoplesCommand, type Person } from '../domain/permission.js';
import { SlaBook } from '../domain/sla/sla-book.js';
import { type SettledFeedback, type Step } from '../domain/settlement.js';
import { settlementOf, stepTaken } from '../domain/loop-changed.js';
import { LoopStore, type LoopTransaction, type EventWords, type ReadEvent } from '../domain/loop-store.js';
import { PrepareAnswer, type GivenResponse, type PreparedAnswer } from './prepare-answer.js';
import { ReadLoops, type ShownLoop } from './read-loops.handler.js';
import { LoopConfig } from '../loop.config.js';

type Distributed<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A command as somebody gives it: who, when and for how long are added here. `split` names the feedback alone. */
export type GivenCommand =
  | Distributed<Extract<LoopCommand, { type: Exclude<PeoplesCommand, 'split' | 'respond'> }>, 'at' | 'actor' | 'window'>
  | GivenResponse
  | { readonly type: 'split'; readonly feedbackId: string };

export type CommandResult =
  | ({ readonly kind: 'done'; readonly opened?: Loop } & ShownLoop)
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours'; readonly team: string }
  /** The loop is not at the expected version: what happened since */
  | { readonly kind: 'conflict'; readonly loop: Loop; readonly since: readonly ReadEvent[] }
  /** `feedback`: the latest revision of what is answered, where a later one is why */
  | {
      readonly kind: 'refused';
      readonly loop: Loop;
      readonly reason: string;
      readonly message: string;
      readonly feedback?: FeedbackRef;
    }
  /** Somebody else is answering, and began first */
  | { readonly kind: 'being-answered'; readonly loop: Loop; readonly writing: readonly Writing[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** One person's command for one loop, as it was at the version that the person saw. */
@Injectable()
export class CommandLoop {
  constructor(
    private readonly store: LoopStore,
    private readonly loops: ReadLoops,
    private readonly book: SlaBook,
    private readonly answers: PrepareAnswer,
    private readonly config: LoopConfig,
  ) {}

  handle(person: Person, loopId: string, expected: number, given: GivenCommand): Promise<CommandResult> {
    return this.store.run((tx, now) => this.command(tx, now, person, loopId, expected, given));
  }

  private async command(
    tx: LoopTransaction,
    now: Date,
    person: Person,
    loopId: string,
    expected: number,
    given: GivenCommand,
  ): Promise<CommandResult> {
    // locked before the loop, as settling does
    const feedback = given.type === 'split' ? await tx.lockFeedback(given.feedbackId) : undefined;
    const loop = await tx.find(loopId);
    if (!loop || !mayRead(person, loop)) return { kind: 'unknown' };
    if (!mayCommand(person, loop, given.type)) return { kind: 'not-yours', team: loop.team };
    if (loop.version !== expected) return this.conflict(tx, loop, expected);

    const actor = { kind: 'agent', id: person.subject } as const;
    let command: LoopCommand;
    let answer: PreparedAnswer | undefined;
    if (given.type === 'split') {
      if (feedback?.place?.loopId !== loopId || feedback.outcome === 'withdrawn') {
        return { kind: 'refused', loop, reason: 'not-in-it', message: 'This feedback is not in this loop.' };
      }
      const { feedbackId, revision } = feedback;
      command = { type: 'split', feedback: { feedbackId, revision }, at: now, actor };
    } else if (given.type === 'respond') {
      const prepared = await this.answers.prepare(tx, now, person, loop, given);
      if (prepared.kind === 'invalid') return prepared;
      if (prepared.kind !== 'prepared') return { ...prepared, loop };
      answer = prepared;
      command = { type: 'respond', ...prepared.response, at: now, actor };
    } else if (given.type === 'resolve') {
      command = { type: 'resolve', window: this.config.confirmationWindowSeconds * 1000, at: now, actor };
    } else if (given.type === 'set-priority') {
      // what is promised goes by the priority: by the version that the loop has, not by a later one
      const terms =
        loop.clocks &&
        this.book.settingsOf(loop.clocks.terms).refFor({ ...circumstancesOf(loop), priority: given.priority });
      command = { ...given, at: now, actor, ...(terms !== undefined && { terms }) };
    } else command = { ...given, at: now, actor };

    const decided = decide(loop, command, this.book.termsOf(loop));
    if (decided instanceof Refusal) {
      return { kind: 'refused', loop, reason: decided.reason, message: decided.message };
    }
    const steps: Step[] = [];
    let after = loop;
    for (const event of decided) steps.push({ event, loop: (after = evolve(after, event)) });

    if (!(await tx.advance(loop, steps, answer?.wordsFor(after) ?? wordsOf(given, after)))) {
      // somebody was faster between the look and the write
      return this.conflict(tx, (await tx.find(loopId)) ?? loop, expected);
    }
    const events: LoopChanged[] = steps.map((step) => stepTaken(step, this.book));
    const opened = feedback && (await this.openFor(tx, now, command.actor, loop, feedback));
    if (opened) events.push(opened.told);
    await tx.audit(
      auditedCommand(person, steps.at(-1)!.event.change, loop, after, toldOf(given, opened?.loop, answer)),
    );
    await tx.tell(events);
    if (answer) await this.answers.finish(tx, now, person, after, answer);
    return { kind: 'done', ...this.loops.shown(after, now), ...(opened && { opened: opened.loop }) };
  }

  private async conflict(tx: LoopTransaction, loop: Loop, expected: number): Promise<CommandResult> {
    return { kind: 'conflict', loop, since: await tx.history(loop.loopId, expected) };
  }

  /** The loop of its own for a feedback that is split off. */
  private async openFor(
    tx: LoopTransaction,
    now: Date,
    actor: LoopCommand['actor'],
    from: Loop,
    feedback: SettledFeedback,
  ): Promise<{ loop: Loop; told: LoopChanged }> {
    const loopId = loopIdOf(feedback.feedbackId);
    const { team, priority, slaPolicy, historic, customer, channel, segments, clocks } = from;
    const topics = await tx.topicsOf(feedback.feedbackId);
    const decided = decide(undefined, {
      ...{ type: 'open', at: now, actor, loopId, team, priority, slaPolicy, historic, topics },
      feedback: { feedbackId: feedback.feedbackId, revision: feedback.revision },
      receivedAt: feedback.receivedAt,
      ...(customer !== undefined && { customer }),
      ...(channel !== undefined && { channel }),
      ...(segments !== undefined && { segments }),
      ...(clocks && { terms: clocks.terms }),
    });
    if (decided instanceof Refusal || !decided[0]) throw new Error('a loop that is not there can be opened');
    const step = { event: decided[0], loop: evolve(undefined, decided[0]) };
    const moved: SettledFeedback = {
      ...feedback,
      ...{ settlement: feedback.settlement + 1, outcome: 'loop', team, place: { loopId, as: 'loop' } },
    };
    await tx.open(step);
    await tx.moveFeedback(moved, now);
    return {
      loop: step.loop,
      told: stepTaken(step, this.book, settlementOf({ feedback: moved, outcome: 'loop' }, moved)),
    };
  }
}

/** What of a command stands in the loop's history or beside it, and not in the loop. */
function toldOf(
  given: GivenCommand,
  opened: Loop | undefined,
  answer: PreparedAnswer | undefined,
): Parameters<typeof auditedCommand>[4] {
  switch (given.type) {
    case 'respond':
      return {
        words: { text: answer!.response.text },
        more: { channel: answer!.response.channel, sent: answer!.sending !== undefined },
      };
    case 'reopen':
    case 'dismiss':
      return { words: { reason: given.reason } };
    case 'split':
      return { more: { feedbackId: given.feedbackId, opened: opened!.loopId } };
    default:
      return {};
  }
}

function wordsOf(given: GivenCommand, { loopId, version }: Loop): EventWords | undefined {
  switch (given.type) {
    case 'reopen':
    case 'dismiss':
      return { kind: 'reason', loopId, version, body: { text: given.reason } };
    default:
      return undefined;
  }
}
