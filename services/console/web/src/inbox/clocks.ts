import { type ClockReading, type Loop } from '../api/loops.js';

export type Urgency = 'none' | 'fine' | 'warning' | 'breached';

/** From which share of the limit on a clock warns; that of the service's own first settings. */
const warnFrom = 0.75;

/** Where a clock stands, `sinceMs` milliseconds after it was read: a running one goes on. */
export function standingOf(clock: ClockReading, sinceMs = 0): { elapsedMs: number; leftMs?: number; urgency: Urgency } {
  const elapsedMs = clock.elapsedMs + (clock.dueAt === undefined || clock.breached ? 0 : Math.max(0, sinceMs));
  if (clock.limitMs === undefined) return { elapsedMs, urgency: 'none' };
  const leftMs = clock.limitMs - elapsedMs;
  const urgency = leftMs <= 0 ? 'breached' : elapsedMs >= clock.limitMs * warnFrom ? 'warning' : 'fine';
  return { elapsedMs, leftMs, urgency };
}

/** How a loop in a list stands at that instant: by the earliest limit that is still to be kept. */
export function dueOf({ dueAt, receivedAt, closed }: Pick<Loop, 'dueAt' | 'receivedAt' | 'closed'>, now: Date) {
  if (closed || dueAt === undefined) return undefined;
  const due = new Date(dueAt).getTime();
  const leftMs = due - now.getTime();
  const whole = due - new Date(receivedAt).getTime();
  const urgency: Urgency = leftMs <= 0 ? 'breached' : leftMs <= whole * (1 - warnFrom) ? 'warning' : 'fine';
  return { leftMs, urgency };
}
