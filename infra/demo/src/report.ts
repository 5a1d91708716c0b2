import type { Played } from './agents.js';
import type { DemoResult } from './ledger.js';
import { countTags, type Tagged } from './tags.js';

/** What became of one item, as a line of a table. */
export interface ItemLine {
  item: string;
  via: string;
  text: string;
  became: string;
  /** What the tagger said of it; undefined where it never came so far */
  tags?: string | undefined;
}

const clip = (text: string, width: number): string => {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
};

export function itemTable(lines: readonly ItemLine[]): string {
  const rows = lines.map(({ item, via, text, became }) => [item, via, clip(text, 44), became]);
  const header = ['item', 'came by', 'says', 'became'];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [
    lineOf(header),
    ...rows.flatMap((row, at) => {
      const { tags } = lines[at]!;
      return tags === undefined ? [lineOf(row)] : [lineOf(row), `${' '.repeat(widths[0]!)}  ${tags}`];
    }),
  ].join('\n');
}

const mostCounted = 10;

const counts = (of: Record<string, number>): string =>
  Object.entries(of)
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostCounted)
    .map(([name, count]) => `${name} ${count}`)
    .join(' · ') || 'none';

export function summary(result: DemoResult, played: Played, tagged: Iterable<Tagged>): string {
  const { topics, intents, urgency, languages, abstained } = countTags(tagged);
  const { sent, feedback, revisions, duplicates, stale, rejected, inboundDeadLetters } = result;
  return [
    `sent          ${sent} in ${result.seconds.pipeline} s to the last settlement (${result.eventsPerSecond}/s; started in ${result.seconds.start} s)`,
    `  were        ${feedback} feedback · ${revisions} revisions · ${duplicates} duplicates · ${stale} stale · ${rejected} rejected · ${inboundDeadLetters} inbound dead letters`,
    `  became      ${result.loops} loops · ${result.joined} joined one · ${result.noLoop} need none · ${result.withdrawn} withdrawn · ${result.deadLetters} dead letters · ${result.missing} missing`,
    `team          ${counts(result.byTeam)}`,
    `sentiment     ${counts(result.bySentiment)}`,
    `topics        ${counts(topics)}`,
    `intents       ${counts(intents)}`,
    `urgency       ${counts(urgency)}`,
    `languages     ${counts(languages)} · abstained from ${abstained}`,
    `people did    ${counts(played)}`,
    `loops are     ${counts(result.byState)}`,
    `on the way    ${result.reopened} reopened · ${result.escalated} levels up · ${result.breached} promises broken · ${result.staleDrafts} drafts overtaken`,
    `teams told    ${result.deliveries.sent} delivered · ${result.deliveries.failed} failed · ${result.deliveries.retried} of them not at the first try`,
  ].join('\n');
}
