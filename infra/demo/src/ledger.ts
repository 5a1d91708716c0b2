/** The numbers of `GET /v1/ledger` that the demo reads. */
export interface Ledger {
  results: Record<'accepted' | 'revised' | 'duplicate' | 'stale' | 'rejected' | 'dead-inbound', number>;
  outcomes: Record<'loop' | 'joined' | 'no-loop' | 'withdrawn' | 'dead-letter' | 'none', number>;
  teams: Record<string, number>;
  sentiments: Record<string, number>;
  unsettled: { total: number };
  missingIds?: string[];
}

/** What the demo sent and what became of it; the last line of `--json`. */
export interface DemoResult {
  sent: number;
  feedback: number;
  revisions: number;
  duplicates: number;
  stale: number;
  rejected: number;
  inboundDeadLetters: number;
  loops: number;
  joined: number;
  noLoop: number;
  withdrawn: number;
  deadLetters: number;
  missing: number;
  byTeam: Record<string, number>;
  bySentiment: Record<string, number>;
  byState: Record<string, number>;
  /** What became of loops in the end, the story's among them */
  verified: number;
  closedUnverified: number;
  /** How often: by an agent or by a customer who said no */
  reopened: number;
  /** Levels that loops went up, by time, by hand or by an objection */
  escalated: number;
  breached: number;
  /** Drafts that the customer's next words had overtaken, and that were not sent for it */
  staleDrafts: number;
  /** To teams' endpoints; retried: more than one try */
  deliveries: { sent: number; failed: number; retried: number };
  seconds: { start: number; pipeline: number };
  eventsPerSecond: number;
}

/** How many items the ledger has counted, whatever the result. */
export const countedIn = ({ results }: Ledger): number => Object.values(results).reduce((sum, count) => sum + count, 0);

/** The ledger has seen all that was sent, and each feedback's last revision is settled. */
export const isSettled = (ledger: Ledger, sent: number): boolean =>
  countedIn(ledger) >= sent && ledger.unsettled.total === 0;

export function resultOf(
  sent: number,
  { results, outcomes, teams, sentiments }: Ledger,
  worked: Pick<DemoResult, 'byState' | 'reopened' | 'escalated' | 'breached' | 'staleDrafts' | 'deliveries'>,
  seconds: { start: number; pipeline: number },
): DemoResult {
  return {
    sent,
    feedback: results.accepted,
    revisions: results.revised,
    duplicates: results.duplicate,
    stale: results.stale,
    rejected: results.rejected,
    inboundDeadLetters: results['dead-inbound'],
    loops: outcomes.loop,
    joined: outcomes.joined,
    noLoop: outcomes['no-loop'],
    withdrawn: outcomes.withdrawn,
    deadLetters: outcomes['dead-letter'],
    missing: outcomes.none,
    byTeam: named(teams, 'none'),
    bySentiment: named(sentiments, 'none'),
    ...worked,
    verified: worked.byState['verified'] ?? 0,
    closedUnverified: worked.byState['closed-unverified'] ?? 0,
    seconds: { start: round(seconds.start), pipeline: round(seconds.pipeline) },
    eventsPerSecond: Math.round(sent / Math.max(seconds.pipeline, 0.001)),
  };
}

/** The sums that must hold, as sentences about those that do not. */
export function brokenSums(result: DemoResult, unsettled: number): string[] {
  const { sent, feedback, revisions, duplicates, stale, rejected, inboundDeadLetters } = result;
  const { loops, joined, noLoop, withdrawn, deadLetters, missing } = result;
  const broken: string[] = [];
  const answered = feedback + revisions + duplicates + stale + rejected + inboundDeadLetters;
  if (sent !== answered) {
    broken.push(
      `sent ${sent}, but feedback + revisions + duplicates + stale + rejected + inboundDeadLetters is ${answered}`,
    );
  }
  const became = loops + joined + noLoop + withdrawn + deadLetters + missing;
  if (feedback !== became) {
    broken.push(`feedback ${feedback}, but loops + joined + noLoop + withdrawn + deadLetters + missing is ${became}`);
  }
  if (missing !== 0) broken.push(`missing is ${missing}`);
  if (unsettled !== 0) broken.push(`${unsettled} feedback whose last revision is not settled`);
  return broken;
}

/** The ledger writes '' for "has none", which reads badly in a table. */
const named = (counts: Record<string, number>, none: string): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name === '' ? none : name, count]));

const round = (seconds: number): number => Math.round(seconds * 100) / 100;
