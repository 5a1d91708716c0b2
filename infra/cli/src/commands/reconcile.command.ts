import { setTimeout as pause } from 'node:timers/promises';
import { readWords, table, timesOf, type Command } from '../command.js';
import { Services } from '../services.client.js';

interface Row {
  readonly feedbackId: string;
  readonly acceptedAt: string;
}
interface Page {
  readonly rows: readonly Row[];
  readonly counts: Readonly<Record<string, number>>;
  readonly cursor?: string;
}
interface Difference {
  readonly feedbackId: string;
  readonly field: string;
  readonly ledger: string | number | null;
  readonly loop: string | number | null;
}

/** What differs is looked at again before it is told: in a running system the two are never read at once. */
const looks = 3;
/** A page is read in far less. */
const answerWithinMs = 10_000;
const betweenLooksMs = 2_000;
/** What was accepted so lately is on its way, not lost. */
const underWaySeconds = 60;
/** Most ids that are looked at again at once. */
const atOnce = 100;

export const reconcile: Command = {
  name: 'reconcile',
  summary: "compare ingestion's ledger with the loop service, feedback by feedback",
  help: `npx closeloop reconcile [--from TIME] [--to TIME] [--json]

Every feedback that was received in the time (all, without one): what the ledger says became of it, and what the loop service has.
Counts by stage, and what differs: missing on one side, another revision, outcome, loop or state, dead and settled. What is accepted
for less than a minute is under way, not different. Exit 1 if anything differs. TIME: 2026-11-22T08:00:00Z, a day, or 2h.

  npx closeloop reconcile --from 1d
`,
  async run(words, surroundings) {
    const { values } = readWords(words, {
      from: { type: 'string' },
      to: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const time = timesOf(values);
    const services = await Services.find(surroundings, answerWithinMs);

    const counts: Record<string, number> = {};
    const differing = new Map<string, Difference[]>();
    let after: string | undefined;
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const query = new URLSearchParams({ ...time, ...(cursor !== undefined && { cursor }) });
      const page = await services.get<Page>('ingestion', `/v1/reconciliation?${query.toString()}`);
      cursor = page.cursor;
      for (const [stage, count] of Object.entries(page.counts)) counts[stage] = (counts[stage] ?? 0) + count;
      const last = page.rows.at(-1)?.feedbackId;
      const range = { ...time, ...(after && { after }), ...(cursor !== undefined && last && { upTo: last }) };
      const { differences } = await compare(services, page.rows, range);
      for (const one of differences) differing.set(one.feedbackId, [...(differing.get(one.feedbackId) ?? []), one]);
      after = last ?? after;
    }

    for (let look = 1; look < looks && differing.size > 0; look++) {
      await pause(betweenLooksMs);
      await lookAgain(services, differing);
    }
    const underWay = await takeOutUnderWay(services, differing);

    const differences = [...differing.values()].flat();
    if (values.json) surroundings.out(`${JSON.stringify({ counts, underWay, differences }, null, 2)}\n`);
    else {
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      surroundings.out(
        table([
          ['accepted', String(total)],
          ...Object.entries(counts).map(([stage, count]) => [`  ${stage}`, String(count)]),
        ]),
      );
      if (underWay > 0)
        surroundings.out(`${underWay} ${underWay === 1 ? 'is' : 'are'} under way, accepted less than a minute ago.\n`);
      surroundings.out(
        differences.length === 0
          ? 'Nothing differs.\n'
          : `${differing.size} ${differing.size === 1 ? 'differs' : 'differ'}:\n${table([
              ['feedback', 'what', 'ledger', 'loop service'],
              ...differences.map(({ feedbackId, field, ledger, loop }) => [
                feedbackId,
                field,
                shown(ledger),
                shown(loop),
              ]),
            ])}`,
      );
    }
    return differences.length === 0 ? 0 : 1;
  },
};

const compare = (services: Services, rows: readonly Row[], range?: object): Promise<{ differences: Difference[] }> =>
  services.post('loop', '/v1/reconciliation', { rows, ...(range && { range }) });

/** Leaves those that differ still. What the ledger has no row of differs until it has one. */
async function lookAgain(services: Services, differing: Map<string, Difference[]>): Promise<void> {
  const ids = [...differing.keys()];
  for (let at = 0; at < ids.length; at += atOnce) {
    const asked = ids.slice(at, at + atOnce);
    const { rows } = await services.get<Page>('ingestion', `/v1/reconciliation?ids=${asked.join(',')}`);
    const { differences } = await compare(services, rows);
    for (const { feedbackId } of rows) differing.delete(feedbackId);
    for (const one of differences) differing.set(one.feedbackId, [...(differing.get(one.feedbackId) ?? []), one]);
  }
}

/** How many of those that differ were accepted so lately that they are on their way; they differ no more. */
async function takeOutUnderWay(services: Services, differing: Map<string, Difference[]>): Promise<number> {
  let taken = 0;
  const ids = [...differing.keys()];
  for (let at = 0; at < ids.length; at += atOnce) {
    const { rows } = await services.get<Page>(
      'ingestion',
      `/v1/reconciliation?ids=${ids.slice(at, at + atOnce).join(',')}`,
    );
    for (const { feedbackId, acceptedAt } of rows) {
      const onTheWay = differing
        .get(feedbackId)
        ?.every(({ field, ledger, loop }) =>
          field === 'feedback'
            ? ledger === 'accepted'
            : field === 'revision' && loop !== null && typeof ledger === 'string',
        );
      if (!onTheWay || Date.now() - Date.parse(acceptedAt) > underWaySeconds * 1_000) continue;
      differing.delete(feedbackId);
      taken += 1;
    }
  }
  return taken;
}

const shown = (value: string | number | null): string => (value === null ? '-' : String(value));
