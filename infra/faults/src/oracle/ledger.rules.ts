import { byKey, countedBy, groupedBy } from './grouping.js';
import { type Broken, type Held, type InboundMessage, type Rule } from './facts.js';

/** The ledger's entry of each feedback says what the loop service holds, and each loop's standing is the loop. */
export const ledgerAgrees: Rule = function* (_heard, held) {
  const settled = byKey(held.settled, ({ feedbackId }) => feedbackId);
  const numbers = groupedBy(
    held.settlements.filter(({ outcome }) => outcome !== 'superseded'),
    ({ feedbackId }) => feedbackId,
  );
  for (const row of held.ledger) {
    const id = row.feedbackId;
    const own = settled.get(id);
    if (!own) {
      if (row.outcome !== undefined)
        yield { how: 'other', id, told: `the ledger says ${row.outcome}`, found: 'loop has never settled it' };
      continue;
    }
    const last = Math.max(...(numbers.get(id) ?? []).map(({ settlement }) => settlement), 0);
    const expected = {
      settledRevision: own.revision,
      settlement: last,
      outcome: own.outcome,
      loopId: own.loopId,
      team: own.team,
      sentiment: own.sentiment,
    };
    for (const [name, value] of Object.entries(expected)) {
      const found = row[name as keyof typeof expected];
      if (found !== value)
        yield { how: 'other', id, told: `${name} is ${value} in loop`, found: `${found} in the ledger` };
    }
    if (own.source !== row.source)
      yield { how: 'other', id, told: `of ${row.source}`, found: `loop says ${own.source}` };
  }
  const standings = byKey(held.standings, ({ loopId }) => loopId);
  const openers = byKey(
    held.history.filter(({ change }) => change === 'opened'),
    ({ loopId }) => loopId,
  );
  for (const loop of held.loops) {
    const id = loop.loopId;
    const standing = standings.get(id);
    if (!standing) {
      yield {
        how: 'other',
        id,
        told: `version ${loop.version}, ${loop.state}`,
        found: 'the ledger has never heard of it',
      };
      continue;
    }
    for (const name of ['version', 'state', 'cycle', 'team', 'priority'] as const) {
      if (standing[name] !== loop[name])
        yield { how: 'other', id, told: `${name} is ${loop[name]} in loop`, found: `${standing[name]} in the ledger` };
    }
    const source = settled.get(openers.get(id)?.feedbackId ?? '')?.source;
    if (standing.source !== source)
      yield { how: 'other', id, told: `of ${source}`, found: `the ledger says ${standing.source}` };
  }
  const known = new Set(held.loops.map(({ loopId }) => loopId));
  for (const { loopId: id } of held.standings) {
    if (!known.has(id)) yield { how: 'other', id, told: 'no such loop', found: 'the ledger has it' };
  }
};

const name = (...parts: readonly (string | undefined)[]): string => parts.map((part) => part ?? '').join(' | ');

function* differences(what: string, expected: Map<string, number>, found: Map<string, number>): Generator<Broken> {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [told, counted] = [expected.get(key) ?? 0, found.get(key) ?? 0];
    if (told !== counted)
      yield { how: 'other', id: `${what} ${key}`, told: `${told} rows`, found: `${counted} counted` };
  }
}

/** Every count is the number of rows that it counts, and what the ledger's interface says. */
export const countsAreOfRows: Rule = function* (_heard, held) {
  const tallies = (measure: string, ...values: string[]) =>
    held.tallies.filter((tally) => tally.measure === measure && (values.length === 0 || values.includes(tally.value)));
  const bySource = ({ source }: { source: string }): string => source;
  const countOf = ({ count }: { count: number }): number => count;
  const source = new Map(held.ledger.map((row) => [row.feedbackId, row.source]));

  yield* differences(
    'accepted',
    countedBy(held.ledger, bySource),
    countedBy(tallies('result', 'accepted'), bySource, countOf),
  );
  const revised = countedBy(
    held.revisions.filter(({ revision }) => revision > 1),
    ({ feedbackId }) => source.get(feedbackId) ?? '',
  );
  yield* differences('revised', revised, countedBy(tallies('result', 'revised'), bySource, countOf));
  yield* differences(
    'outcome',
    countedBy(
      held.ledger.filter(({ outcome }) => outcome !== undefined),
      (row) => name(row.source, row.outcome, row.team, row.sentiment),
    ),
    countedBy(tallies('outcome'), (tally) => name(tally.source, tally.value, tally.team, tally.sentiment), countOf),
  );
  yield* differences(
    'loops',
    countedBy(held.standings, (row) => name(row.source, row.state)),
    countedBy(tallies('loop'), (tally) => name(tally.source, tally.value), countOf),
  );
  yield* differences(
    'loops of',
    countedBy(held.loops, (row) => name(row.team, row.state)),
    countedBy(held.loopTallies, (row) => name(row.team, row.state), countOf),
  );
  const results = countedBy(tallies('result'), ({ value }) => value, countOf);
  yield* differences('GET /v1/ledger results', results, new Map(Object.entries(held.view.results)));
  const outcomes = countedBy(held.ledger, ({ outcome }) => outcome ?? 'undecided');
  const { none = 0, 'dead-letter': dead = 0, ...standing } = held.view.outcomes;
  yield* differences(
    'GET /v1/ledger outcomes',
    outcomes,
    new Map(Object.entries({ ...standing, undecided: none + dead })),
  );
};

/** Nothing is under way any more: nothing is unsettled, missing or unsent. */
export const allHasComeToRest: Rule = function* (_heard, { view, unsent }) {
  const { total } = view.unsettled;
  if (total > 0) yield { how: 'other', id: 'GET /v1/ledger', told: 'nothing is unsettled', found: `${total} are` };
  if (view.missing > 0)
    yield { how: 'other', id: 'GET /v1/ledger', told: 'nothing is missing', found: `${view.missing} are` };
  for (const [service, count] of Object.entries(unsent)) {
    if (count > 0) yield { how: 'other', id: `outbox of ${service}`, told: 'all is sent', found: `${count} rows` };
  }
};

/** Answers over HTTP were counted: each once, and no more than there were tries. */
export const answersAreCounted: Rule = function* ({ told }, held) {
  const overHttp = told.filter(({ submission: { via } }) => via !== 'kafka');
  for (const [source, sent] of groupedBy(overHttp, ({ submission }) => submission.source)) {
    const taken = sent.filter(({ answer }) => answer && answer.result !== 'rejected').length;
    const tries = sent.reduce((sum, { undetermined }) => sum + undetermined, 0);
    const count = (...values: string[]): number =>
      held.tallies
        .filter((tally) => tally.measure === 'result' && tally.source === source && values.includes(tally.value))
        .reduce((sum, tally) => sum + tally.count, 0);
    const counted = count('accepted', 'revised', 'duplicate', 'stale');
    if (counted < taken || counted > taken + tries)
      yield {
        how: 'other',
        id: source,
        told: `${taken} answers, and ${tries} tries that nothing was heard of`,
        found: `${counted} counted`,
      };
    const refused = sent.filter(({ answer }) => answer?.result === 'rejected').length;
    if (count('rejected') > refused + tries)
      yield {
        how: 'other',
        id: source,
        told: `${refused} refused, and ${tries} tries that nothing was heard of`,
        found: `${count('rejected')} counted`,
      };
  }
};

/**
 * What came over Kafka was counted exactly, whatever was killed: a batch that two owners did, or that was done twice, shows here.
 * Of the load's own source each result is known from the order in the log; of others, only the sum.
 */
export const inboundIsCountedExactly: Rule = function* ({ told }, held) {
  const overHttp = new Set(
    told.filter(({ submission: { via } }) => via !== 'kafka').map(({ submission }) => submission.source),
  );
  const poison = new Set(
    told
      .filter(({ submission: { kind, via } }) => kind === 'poison' && via === 'kafka')
      .map(({ submission }) => submission.feedbackId),
  );
  const own = new Set(
    told.filter(({ submission: { via } }) => via === 'kafka').map(({ submission }) => submission.source),
  );
  const messages = groupedBy(
    held.inbound.filter(({ skipped }) => !skipped),
    ({ source }) => source,
  );
  for (const source of new Set([...messages.keys(), ...own, ''])) {
    if (overHttp.has(source)) continue;
    const came = messages.get(source) ?? [];
    const found = countsOf(held, source);
    if (own.has(source)) {
      const expected = expectedResults(came, poison);
      for (const value of Object.keys(expected) as Result[]) {
        if (expected[value] !== found[value])
          yield {
            how: 'doubled',
            id: `${source}, ${value}`,
            told: `${expected[value]} of ${came.length} messages`,
            found: `${found[value]} counted`,
          };
      }
      continue;
    }
    const sum = Object.values(found).reduce((all, count) => all + count, 0);
    if (sum !== came.length)
      yield {
        how: 'doubled',
        id: source || 'messages that name no source',
        told: `${came.length} messages`,
        found: `${sum} counted`,
      };
  }
  const present = new Set(held.inbound.map(({ feedbackId }) => feedbackId));
  for (const { submission, answer } of told) {
    // poison may name nothing that can be read back
    if (submission.kind === 'poison' || submission.via !== 'kafka' || answer?.result !== 'written') continue;
    if (!present.has(submission.feedbackId))
      yield {
        how: 'lost',
        id: submission.feedbackId!,
        told: 'Kafka has acknowledged it',
        found: 'feedback.inbound.v1 does not have it',
      };
  }
};

type Result = 'accepted' | 'revised' | 'duplicate' | 'stale' | 'dead-inbound';

function countsOf(held: Held, source: string): Record<Result, number> {
  const counts = { accepted: 0, revised: 0, duplicate: 0, stale: 0, 'dead-inbound': 0 };
  for (const { measure, source: of, value, count } of held.tallies) {
    if (measure === 'result' && of === source && value in counts) counts[value as Result] += count;
  }
  return counts;
}

/** The table "Accepting" of contracts.md, played over a log; what has no time there says nothing of a deletion's. */
function expectedResults(
  messages: readonly InboundMessage[],
  poison: ReadonlySet<string | undefined>,
): Record<Result, number> {
  const counts = { accepted: 0, revised: 0, duplicate: 0, stale: 0, 'dead-inbound': 0 };
  const standing = new Map<string, { hash: string; before: Set<string>; updatedAt?: number; deletedAt?: number }>();
  for (const { feedbackId, contentHash = '', kind, updatedAt } of messages) {
    if (feedbackId === undefined || poison.has(feedbackId)) {
      counts['dead-inbound']++;
      continue;
    }
    const known = standing.get(feedbackId);
    const isStale =
      known !== undefined &&
      ((updatedAt !== undefined && known.updatedAt !== undefined && updatedAt < known.updatedAt) ||
        (known.deletedAt !== undefined && kind !== 'deleted' && (updatedAt ?? -Infinity) <= known.deletedAt));
    if (known && (known.hash === contentHash || (updatedAt === undefined && known.before.has(contentHash)))) {
      counts.duplicate++;
      continue;
    }
    if (isStale) {
      counts.stale++;
      continue;
    }
    counts[known ? 'revised' : 'accepted']++;
    const time = updatedAt ?? known?.updatedAt;
    standing.set(feedbackId, {
      hash: contentHash,
      before: (known?.before ?? new Set<string>()).add(contentHash),
      ...(time !== undefined && { updatedAt: time }),
      ...(kind === 'deleted' && time !== undefined && { deletedAt: time }),
    });
  }
  return counts;
}

/** Poison that Kafka took was put aside: it has a letter that says where it stood. */
export const poisonHasItsLetter: Rule = function* ({ told }, held) {
  const letters = new Set(
    held.letters
      .filter(({ topic }) => topic === 'feedback.inbound.v1')
      .map(({ partition, offset }) => `${partition} ${offset}`),
  );
  const poison = new Set(
    told
      .filter(({ submission: { kind, via } }) => kind === 'poison' && via === 'kafka')
      .map(({ submission }) => submission.feedbackId),
  );
  for (const { feedbackId, source, partition, offset, skipped } of held.inbound) {
    const isPoison = source === '' || (feedbackId !== undefined && poison.has(feedbackId));
    if (skipped || !isPoison || letters.has(`${partition} ${offset}`)) continue;
    yield {
      how: 'lost',
      id: feedbackId ?? `feedback.inbound.v1/${partition} at ${offset}`,
      told: 'it cannot be accepted',
      found: 'there is no dead letter of it',
    };
  }
};
