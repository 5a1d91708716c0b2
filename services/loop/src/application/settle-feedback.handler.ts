import { Injectable } from '@nestjs/common';
import {
  customerKeyOf,
  deriveId,
  loopIdOf,
  type Feedback,
  type FeedbackRouted,
  type LoopChanged,
} from '@closeloop/contracts';
import { type Loop } from '../domain/loop.js';
import { joinDays, settle, type Arrival, type Loops, type SettledFeedback, type Step } from '../domain/settlement.js';
import { SlaBook } from '../domain/sla/sla-book.js';
import { settledWithoutLoop, settlementOf, stepTaken } from '../domain/loop-changed.js';
import {
  keyText,
  type FeedbackWords,
  type RoutedJson,
  type SettlementKey,
  type SettlementTransaction,
} from '../domain/settlement-store.js';

/** A routed feedback, what is kept of it in UTF-8, and whether it is sent for a second time on purpose. */
export interface RoutedFeedback {
  readonly data: FeedbackRouted;
  readonly json: RoutedJson;
  readonly replayed: boolean;
}

/**
 * Settles a batch in the transaction it is given: each revision opens a loop, joins or reaches one, or needs none.
 * One entry for each event, in order: what is to be sent. What was settled before is not sent again, unless it is
 * replayed: then under its own id.
 */
@Injectable()
export class SettleFeedback {
  constructor(private readonly book: SlaBook) {}

  async handle(
    batch: readonly RoutedFeedback[],
    tx: SettlementTransaction,
    now: Date,
  ): Promise<readonly LoopChanged[][]> {
    const arrivals = batch.map(({ data }) => arrivalOf(data));
    const keys = batch.map(({ data }) => keyOf(data));
    const known = await tx.lockFeedback(sorted(arrivals.map(({ feedbackId }) => feedbackId)));
    const told =
      known.size === 0
        ? new Map<string, LoopChanged>()
        : await tx.toldOf(keys.filter(({ feedbackId }) => known.has(feedbackId)));
    const isFresh = (index: number): boolean => !told.has(keyText(keys[index]!));
    const loops = await this.lookUpLoops(
      tx,
      arrivals.filter((_arrival, index) => isFresh(index)),
      known,
      now,
    );

    const before = new Map(loops.byId);
    const feedback = new Map(known);
    const steps: Step[] = [];
    const settlements: { key: SettlementKey; told: LoopChanged }[] = [];
    const words = new Map<string, FeedbackWords | undefined>();

    const answers = arrivals.map((arrival, index) => {
      const key = keys[index]!;
      const { data, json, replayed } = batch[index]!;
      const repeated = told.get(keyText(key));
      if (repeated) return replayed ? [repeated] : [];

      const settled = settle(feedback.get(arrival.feedbackId), arrival, loops, now, this.book);
      feedback.set(arrival.feedbackId, settled.feedback);
      const settlement = settlementOf(settled, arrival);
      const [first, ...rest] = settled.steps;
      const carrier = first
        ? stepTaken(first, this.book, settlement)
        : settledWithoutLoop(loopIdOf(arrival.feedbackId), now, arrival.source, settlement);
      settlements.push({ key, told: carrier });
      told.set(keyText(key), carrier);
      for (const step of settled.steps) {
        steps.push(step);
        loops.set(step.loop);
      }
      if (settled.outcome === 'withdrawn') words.set(arrival.feedbackId, undefined);
      else if (settled.steps.length > 0 && settled.feedback.place) {
        const { feedbackId, revision } = data.feedback;
        words.set(feedbackId, { feedbackId, revision, loopId: settled.feedback.place.loopId, json });
      }
      return [carrier, ...rest.map((step) => stepTaken(step, this.book))];
    });

    if (settlements.length > 0) {
      const touched = new Set(settlements.map(({ key }) => key.feedbackId));
      const current = [...touched].sort().map((feedbackId) => feedback.get(feedbackId)!);
      const movedIds = new Set(steps.map(({ loop }) => loop.loopId));
      const moved = [...movedIds].sort().map((loopId) => loops.get(loopId)!);
      await tx.save(now, {
        opened: moved.filter(({ loopId }) => !before.has(loopId)),
        moved: moved
          .filter(({ loopId }) => before.has(loopId))
          .map((loop) => ({ loop, before: before.get(loop.loopId)! })),
        steps,
        newFeedback: current.filter(({ feedbackId }) => !known.has(feedbackId)),
        knownFeedback: current.filter(({ feedbackId }) => known.has(feedbackId)),
        settlements,
        words: [...words.values()].filter((row) => row !== undefined),
        erased: [...words].filter(([, row]) => !row).map(([feedbackId]) => feedbackId),
      });
    }
    return answers;
  }

  /**
   * Locks the customers who may join a loop, then looks, in a statement of its own: only that one sees what another
   * transaction, for which the lock waited, has committed.
   */
  private async lookUpLoops(
    tx: SettlementTransaction,
    arrivals: readonly Arrival[],
    known: ReadonlyMap<string, SettledFeedback>,
    now: Date,
  ): Promise<LoopsInMemory> {
    const joining: string[] = [];
    const placed: string[] = [];
    for (const { feedbackId, customer, route } of arrivals) {
      const place = known.get(feedbackId)?.place;
      if (place) placed.push(place.loopId);
      else if (route?.loop === 'join' && customer !== undefined) joining.push(customer);
    }
    const customers = sorted(joining);
    if (customers.length > 0) {
      await tx.lockCustomers(customers);
      const since = new Date(now.getTime() - joinDays * 86_400_000);
      placed.push(...(await tx.openLoopsOf(customers, since)));
    }
    const ids = sorted(placed);
    const found = ids.length > 0 ? await tx.lockLoops(ids) : [];
    return new LoopsInMemory(found, found.length < ids.length ? await tx.droppedUntil() : undefined);
  }
}

/** The loops of a batch: those that were locked, and those that it opens. */
class LoopsInMemory implements Loops {
  readonly byId = new Map<string, Loop>();
  private readonly idsByCustomer = new Map<string, Set<string>>();

  constructor(
    loops: Iterable<Loop>,
    readonly droppedUntil: Date | undefined,
  ) {
    for (const loop of loops) this.set(loop);
  }

  set(loop: Loop): void {
    this.byId.set(loop.loopId, loop);
    if (loop.customer === undefined) return;
    const ids = this.idsByCustomer.get(loop.customer);
    if (ids) ids.add(loop.loopId);
    else this.idsByCustomer.set(loop.customer, new Set([loop.loopId]));
  }

  get(loopId: string): Loop | undefined {
    return this.byId.get(loopId);
  }

  *of(customer: string): Iterable<Loop> {
    for (const loopId of this.idsByCustomer.get(customer) ?? []) yield this.byId.get(loopId)!;
  }
}

const sorted = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

const keyOf = ({ feedback, tagRevision, routeRevision }: FeedbackRouted): SettlementKey => ({
  feedbackId: feedback.feedbackId,
  revision: feedback.revision,
  tagRevision,
  routeRevision,
  contentHash: feedback.contentHash,
});

function arrivalOf({ feedback, tags, tagRevision, route, routeRevision }: FeedbackRouted): Arrival {
  const { rating } = feedback;
  // who it is matters to loops alone
  const customer = route && route.loop !== 'none' ? customerOf(feedback) : undefined;
  return {
    feedbackId: feedback.feedbackId,
    revision: feedback.revision,
    tagRevision,
    routeRevision,
    source: feedback.source,
    historic: feedback.historic,
    deleted: feedback.kind === 'deleted',
    receivedAt: new Date(feedback.receivedAt),
    route,
    topics: (tags?.topics ?? []).map(({ name }) => name),
    channel: feedback.channel,
    ...(feedback.segments && feedback.segments.length > 0 && { segments: feedback.segments }),
    ...(customer !== undefined && { customer }),
    ...(tags?.sentiment && { sentiment: tags.sentiment.label }),
    ...(rating && { rating: rating.value / rating.scale }),
  };
}

/** The customer as loops know one: derived, since a key may be an address or a number and is not to be read back. */
function customerOf({ source, author, customerKey }: Feedback): string | undefined {
  // absent members may be null on the wire
  const authorId = author?.externalId ?? undefined;
  const key = customerKey ?? (authorId === undefined ? undefined : customerKeyOf(source, authorId));
  return key === undefined ? undefined : deriveId('customer', key);
}
