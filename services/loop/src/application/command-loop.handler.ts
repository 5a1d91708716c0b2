import { Injectable } from '@nestjs/common';
import { loopIdOf, type LoopChanged } from '@closeloop/contracts';
import { decide, evolve, Refusal, type Loop, type LoopCommand } from '../domain/loop.js';
import { mayCommand, mayRead, type PeoplesCommand, type Person } from '../domain/permission.js';
import { type SettledFeedback, type Step } from '../domain/settlement.js';
import { settlementOf, stepTaken } from '../domain/loop-changed.js';
import { LoopStore, type LoopTransaction, type EventWords, type ReadEvent } from '../domain/loop-store.js';
import { LoopConfig } from '../loop.config.js';

type Distributed<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A command as somebody gives it: who, when and for how long are added here. `split` names the feedback alone. */
export type GivenCommand =
  | Distributed<Extract<LoopCommand, { type: Exclude<PeoplesCommand, 'split'> }>, 'at' | 'actor' | 'window'>
  | { readonly type: 'split'; readonly feedbackId: string };

export type CommandResult =
  | { readonly kind: 'done'; readonly loop: Loop; readonly opened?: Loop }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours'; readonly team: string }
  /** The loop is not at the expected version: what happened since */
  | { readonly kind: 'conflict'; readonly loop: Loop; readonly since: readonly ReadEvent[] }
  | { readonly kind: 'refused'; readonly loop: Loop; readonly reason: string; readonly message: string };

/** One person's command for one loop, as it was at the version that the person saw. */
@Injectable()
export class CommandLoop {
  constructor(
    private readonly store: LoopStore,
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
    if (!loop || !mayRead(person, loop.team)) return { kind: 'unknown' };
    if (!mayCommand(person, loop.team, given.type)) return { kind: 'not-yours', team: loop.team };
    if (loop.version !== expected) return this.conflict(tx, loop, expected);

    const actor = { kind: 'agent', id: person.subject } as const;
    let command: LoopCommand;
    if (given.type === 'split') {
      if (feedback?.place?.loopId !== loopId || feedback.outcome === 'withdrawn') {
        return { kind: 'refused', loop, reason: 'not-in-it', message: 'This feedback is not in this loop.' };
      }
      const { feedbackId, revision } = feedback;
      command = { type: 'split', feedback: { feedbackId, revision }, at: now, actor };
    } else if (given.type === 'resolve') {
      command = { type: 'resolve', window: this.config.confirmationWindowSeconds * 1000, at: now, actor };
    } else command = { ...given, at: now, actor };

    const decided = decide(loop, command);
    if (decided instanceof Refusal) {
      return { kind: 'refused', loop, reason: decided.reason, message: decided.message };
    }
    const steps: Step[] = [];
    let after = loop;
    for (const event of decided) steps.push({ event, loop: (after = evolve(after, event)) });

    if (!(await tx.advance(loop, steps, wordsOf(given, after)))) {
      // somebody was faster between the look and the write
      return this.conflict(tx, (await tx.find(loopId)) ?? loop, expected);
    }
    if (given.type === 'respond') await tx.deleteDraft(loopId, person.subject);
    const events: LoopChanged[] = steps.map((step) => stepTaken(step));
    const opened = feedback && (await this.openFor(tx, now, command.actor, loop, feedback));
    if (opened) events.push(opened.told);
    await tx.tell(events);
    return { kind: 'done', loop: after, ...(opened && { opened: opened.loop }) };
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
    const { team, priority, slaPolicy, historic, customer } = from;
    const decided = decide(undefined, {
      ...{ type: 'open', at: now, actor, loopId, team, priority, slaPolicy, historic },
      feedback: { feedbackId: feedback.feedbackId, revision: feedback.revision },
      receivedAt: feedback.receivedAt,
      ...(customer !== undefined && { customer }),
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
      told: stepTaken(step, settlementOf({ feedback: moved, outcome: 'loop' }, moved)),
    };
  }
}

function wordsOf(given: GivenCommand, { loopId, version }: Loop): EventWords | undefined {
  switch (given.type) {
    case 'respond':
      return { kind: 'response', loopId, version, body: { text: given.text, channel: given.channel } };
    case 'reopen':
    case 'dismiss':
      return { kind: 'reason', loopId, version, body: { text: given.reason } };
    default:
      return undefined;
  }
}
