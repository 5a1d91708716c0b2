import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { countedResults, type CountedResult } from '../domain/acceptance-store.js';
import { type CanonicalContent } from '../domain/candidate.js';
import { type LetterState } from '../domain/dead-letters.js';
import { type StandingOutcome } from '../domain/ledger-entry.js';
import { ageBounds, LedgerReader, type AgeBand, type FeedbackView, type LedgerView } from '../domain/ledger-view.js';
import { hasRevision, parseRevisions } from '../domain/revision-set.js';
import { DeadLetterEntity } from './dead-letter.entity.js';
import { FeedbackBodyEntity } from './feedback-body.entity.js';
import { FeedbackRevisionEntity } from './feedback-revision.entity.js';
import { FeedbackEntity } from './feedback.entity.js';
import { LoopStateEntity } from './loop-state.entity.js';

interface TallyRow {
  measure: 'result' | 'outcome' | 'loop';
  value: string;
  team: string;
  sentiment: string;
  count: number;
}

const unsettled = 'settled_revision < accepted_revision and dead_revision < accepted_revision';
const bands: readonly AgeBand[] = ['under10s', 'under1m', 'under10m', 'under1h', 'under1d', 'over1d'];
const outcomes = ['loop', 'joined', 'no-loop', 'withdrawn'] as const satisfies readonly StandingOutcome[];

@Injectable()
export class LedgerReaderRepository extends LedgerReader {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override feedback(feedbackId: string): Promise<FeedbackView | undefined> {
    return this.snapshot(async (manager) => {
      const feedback = await manager.findOneBy(FeedbackEntity, { feedbackId });
      if (!feedback) return undefined;
      return viewOf({
        feedback,
        loop: feedback.loopId === null ? null : await manager.findOneBy(LoopStateEntity, { loopId: feedback.loopId }),
        revisions: await manager.find(FeedbackRevisionEntity, { where: { feedbackId }, order: { revision: 'ASC' } }),
        letters: await manager.find(DeadLetterEntity, {
          where: { feedbackId },
          order: { diedAt: 'ASC', letterId: 'ASC' },
        }),
        bodies: await manager.findBy(FeedbackBodyEntity, { feedbackId }),
      });
    });
  }

  override ledger(options: { source?: string; missingIds: number; missingAfterSeconds: number }): Promise<LedgerView> {
    const source = options.source ?? null;
    return this.snapshot(async (manager) => {
      const tallies = await manager.query<TallyRow[]>(
        `select measure, value, team, sentiment, sum(count)::float8 as count from tally
         where $1::text is null or source = $1 group by measure, value, team, sentiment`,
        [source],
      );
      const [open] = await manager.query<
        [{ now: Date; counts: number[]; total: number; oldest: number | null; missing: number; dead: number }]
      >(
        `select now() as now,
           (select count(*)::int from feedback
            where dead_revision > 0 and dead_revision >= accepted_revision and outcome is null
              and ($1::text is null or source = $1)) as dead,
           unsettled.*
         from (select array[${inBands}] as counts, count(*)::int as total, max(age) as oldest,
                 (count(*) filter (where age >= $2 and (idle or accepted_at < overtaken)))::int as missing
               from (${aged}) aged, (${progress}) progress) unsettled`,
        [source, options.missingAfterSeconds],
      );
      const missingIds =
        options.missingIds > 0
          ? await manager.query<{ feedback_id: string }[]>(
              `select feedback_id from (${aged}) aged, (${progress}) progress
               where age >= $2 and (idle or accepted_at < overtaken) order by accepted_at, feedback_id limit $3`,
              [source, options.missingAfterSeconds, options.missingIds],
            )
          : undefined;
      const [letters] = await manager.query<[LedgerView['deadLetters']]>(
        `select coalesce(sum(open), 0)::int as open, coalesce(sum(under_way), 0)::int as "underWay",
           coalesce(sum(failed_again), 0)::int as "failedAgain", coalesce(sum(discarded), 0)::int as discarded,
           extract(epoch from now() - min(oldest))::float8 as "oldestOpenSeconds",
           coalesce(json_object_agg("group", open) filter (where open > 0), '{}') as "openByGroup"
         from (select "group", count(*) filter (where open) as open, count(*) filter (where under_way) as under_way,
                 count(*) filter (where failed_again) as failed_again,
                 count(*) filter (where discarded_at is not null) as discarded, min(died_at) filter (where open) as oldest
         from (select *, discarded_at is null and replayed_at is null as open,
                 discarded_at is null and replayed_at is not null and failed_as is null as under_way,
                 discarded_at is null and replayed_at is not null and failed_as is not null as failed_again
               from dead_letter where settled_at is null and ($1::text is null or source = $1)) letter group by "group") by_group`,
        [source],
      );
      return ledgerOf(
        source,
        tallies,
        open,
        letters,
        missingIds?.map((row) => row.feedback_id),
      );
    });
  }

  /** One snapshot, so that what is read belongs together. */
  private async snapshot<T>(read: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', read);
  }
}

const aged = `
  select feedback_id, accepted_at, extract(epoch from now() - accepted_at)::float8 as age from feedback
  where ${unsettled} and ($1::text is null or source = $1)`;

/** One count a band; an age below 0 is that of one accepted while this was asked. */
const inBands = [...ageBounds, Infinity]
  .map(
    (older, at) => `(count(*) filter (where age < '${older}'${at > 0 ? ` and age >= ${ageBounds[at - 1]}` : ''}))::int`,
  )
  .join(', ');

/** idle: nothing was settled for so long; overtaken: what was accepted so much later is settled already. */
const progress = `
  select coalesce(max(settled_at) < now() - make_interval(secs => $2), true) as idle,
    max(settled_up_to) - make_interval(secs => $2) as overtaken
  from ledger_progress`;

interface Stored {
  readonly feedback: FeedbackEntity;
  readonly loop: LoopStateEntity | null;
  readonly revisions: readonly FeedbackRevisionEntity[];
  readonly letters: readonly DeadLetterEntity[];
  readonly bodies: readonly FeedbackBodyEntity[];
}

function viewOf({ feedback, loop, revisions, letters, bodies }: Stored): FeedbackView {
  const resolved = parseRevisions(feedback.resolved);
  const settled = feedback.settledRevision >= feedback.acceptedRevision;
  const dead = feedback.deadRevision >= feedback.acceptedRevision;
  const parts = new Map(bodies.map((body) => [body.part, body]));
  const messageOf = (details: string | null | undefined): string =>
    details ? (JSON.parse(details) as { message: string }).message : '';
  return {
    feedbackId: feedback.feedbackId,
    source: feedback.source,
    revision: feedback.acceptedRevision,
    status: settled ? 'settled' : dead ? 'dead-letter' : 'unsettled',
    revisions: revisions.map(({ revision, kind, contentHash, receivedAt }) => {
      const body = parts.get(String(revision))?.body;
      return {
        revision,
        kind,
        contentHash: contentHash.toString('hex'),
        receivedAt: receivedAt.toISOString(),
        ...(body && { feedback: JSON.parse(body.toString()) as CanonicalContent }),
      };
    }),
    ...(feedback.outcome && {
      outcome: {
        outcome: feedback.outcome,
        revision: feedback.settledRevision,
        settlement: feedback.settlement,
        ...(feedback.team !== null && { team: feedback.team }),
        ...(feedback.sentiment !== null && { sentiment: feedback.sentiment }),
        settledAt: feedback.settledAt!.toISOString(),
      },
    }),
    ...(loop && {
      loop: {
        loopId: loop.loopId,
        version: loop.version,
        state: loop.state,
        cycle: loop.cycle,
        team: loop.team,
        priority: loop.priority,
        changedAt: loop.changedAt.toISOString(),
      },
    }),
    deadLetters: letters.map((letter) => ({
      id: letter.letterId,
      ...(letter.revision !== null && { revision: letter.revision }),
      topic: letter.topic,
      group: letter.group,
      reason: letter.reason,
      message: messageOf(parts.get(letter.letterId)?.details),
      attempts: letter.attempts,
      diedAt: letter.diedAt.toISOString(),
      open: letter.revision !== null && !hasRevision(resolved, letter.revision) && letter.discardedAt === null,
      state: stateOf(letter),
    })),
  };
}

/** As SQL has it in `letterStateColumn`. */
const stateOf = ({ settledAt, discardedAt, replayedAt }: DeadLetterEntity): LetterState =>
  settledAt ? 'settled' : discardedAt ? 'discarded' : replayedAt ? 'replayed' : 'open';

function ledgerOf(
  source: string | null,
  tallies: readonly TallyRow[],
  open: { now: Date; counts: number[]; total: number; oldest: number | null; missing: number; dead: number },
  deadLetters: LedgerView['deadLetters'],
  missingIds: readonly string[] | undefined,
): LedgerView {
  const counted = (measure: TallyRow['measure'], by: (row: TallyRow) => string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const row of tallies) if (row.measure === measure) counts[by(row)] = (counts[by(row)] ?? 0) + row.count;
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  };
  const results = counted('result', ({ value }) => value);
  const standing = counted('outcome', ({ value }) => value);
  const withOutcome = outcomes.reduce((total, outcome) => total + (standing[outcome] ?? 0), 0);
  return {
    at: open.now.toISOString(),
    source,
    results: Object.fromEntries(countedResults.map((name) => [name, results[name] ?? 0])) as Record<
      CountedResult,
      number
    >,
    outcomes: {
      ...(Object.fromEntries(outcomes.map((name) => [name, standing[name] ?? 0])) as Record<StandingOutcome, number>),
      'dead-letter': open.dead,
      none: (results['accepted'] ?? 0) - withOutcome - open.dead,
    },
    teams: counted('outcome', ({ team }) => team),
    sentiments: counted('outcome', ({ sentiment }) => sentiment),
    loops: counted('loop', ({ value }) => value),
    deadLetters,
    unsettled: {
      total: open.total,
      byAge: Object.fromEntries(bands.map((band, at) => [band, open.counts[at]!])) as Record<AgeBand, number>,
      oldestSeconds: open.oldest,
    },
    missing: open.missing,
    ...(missingIds && { missingIds }),
  };
}
