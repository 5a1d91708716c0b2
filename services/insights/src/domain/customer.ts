import { deriveId } from '@closeloop/contracts';
import { type FeedbackFact } from './feedback-fact.js';
import { isClosed, type LoopStep } from './loop-fact.js';

/** A customer as facts know one: by the key that sources give, or by what that is derived into. */
export const customerIdsOf = (key: string): readonly string[] => {
  const derived = deriveId('customer', key);
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(key) ? [derived, key] : [derived];
};

export interface CustomersFeedback {
  readonly fact: FeedbackFact;
  readonly excerpt: string | null;
  readonly loopId: string | null;
  readonly order?: { readonly id?: string; readonly value?: number; readonly currency?: string };
}

/** What a customer said, and what became of it. */
export interface CustomersHistory {
  /** The latest ones, newest first, without what was deleted */
  readonly feedback: readonly CustomersFeedback[];
  readonly steps: readonly LoopStep[];
  readonly told: readonly ToldImprovement[];
}

/** An improvement that the customer was told of, because of a loop. */
export interface ToldImprovement {
  readonly improvementId: string;
  readonly loopId: string;
  readonly at: Date;
  /** What it is called here, which is not what the customer was told */
  readonly title: string;
}

export abstract class CustomerStore {
  abstract history(customerIds: readonly string[], limit: number): Promise<CustomersHistory>;
}

/** What is known of orders, where sources send them as attributes. */
export interface OrderValue {
  readonly orders: number;
  readonly total: number;
  /** Absent where several were used: then the total says little */
  readonly currency?: string;
  /** Share of the orders that were not the first */
  readonly repeatRate: number;
}

/** undefined where no order is known. An order that several feedback name is one. */
export function orderValueOf(feedback: readonly CustomersFeedback[]): OrderValue | undefined {
  const orders = new Map<string, { value: number; currency: string }>();
  for (const { fact, order } of feedback) {
    if (!order) continue;
    const key = order.id ?? fact.feedbackId;
    if (!orders.has(key)) orders.set(key, { value: order.value ?? 0, currency: order.currency ?? '' });
  }
  if (orders.size === 0) return undefined;
  const currencies = new Set([...orders.values()].map(({ currency }) => currency));
  const [currency] = currencies;
  return {
    orders: orders.size,
    total: [...orders.values()].reduce((sum, { value }) => sum + value, 0),
    ...(currencies.size === 1 && currency && { currency }),
    repeatRate: (orders.size - 1) / orders.size,
  };
}

/** Whether a customer may leave: what speaks for it. A probability takes a model that learned from customers who did; there is none. */
export interface ChurnRisk {
  readonly value: number | null;
  readonly reasons: readonly string[];
  readonly model: string | null;
  readonly note?: string;
}

const recentDays = 90;
const dayMs = 86_400_000;

export function churnRiskOf(
  feedback: readonly CustomersFeedback[],
  steps: readonly LoopStep[],
  negative: number,
  now: Date,
): ChurnRisk {
  const since = now.getTime() - recentDays * dayMs;
  const recent = feedback.filter(({ fact }) => fact.at.getTime() >= since);
  const reasons: string[] = [];
  if (recent.some(({ fact }) => fact.leaving)) reasons.push('threatened-to-leave');
  const bad = recent.filter(({ fact }) => fact.sentiment === negative).length;
  if (bad >= 2) reasons.push('negative-again');
  if (
    recent.some(({ fact: { survey } }) => survey?.metric === 'nps' && survey.scale === 10_000 && survey.score <= 6_000)
  ) {
    reasons.push('detractor');
  }
  const last = new Map<string, LoopStep>();
  for (const step of steps) if ((last.get(step.loopId)?.version ?? 0) < step.version) last.set(step.loopId, step);
  if ([...last.values()].some(({ state, cycle }) => cycle > 1 && !isClosed(state))) reasons.push('reopened');
  if ([...last.values()].some(({ state, clocks }) => !isClosed(state) && missed(clocks)))
    reasons.push('promise-missed');
  return {
    ...{ value: null, reasons, model: null },
    note: 'No calibrated model: nothing tells which customers left. The reasons are what is known, not a probability.',
  };
}

const missed = (clocks: LoopStep['clocks']): boolean =>
  [clocks?.firstResponse, clocks?.resolution].some(
    (clock) => clock?.customerMet === false || clock?.businessMet === false,
  );
