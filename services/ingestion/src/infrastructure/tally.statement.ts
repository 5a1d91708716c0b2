/**
 * A common table expression that adds to counts: parameters at `first` and on are measures, sources, values, teams,
 * sentiments and counts, as arrays. The connection's own slot keeps replicas from waiting for each other's row; sorted,
 * so that two that do share one wait in the same order.
 */
export const tallyStatement = (first: number): string => `
  insert into tally (measure, source, value, team, sentiment, slot, count)
  select measure, source, value, team, sentiment, (pg_backend_pid() % 256)::smallint, count
  from unnest($${first}::text[], $${first + 1}::text[], $${first + 2}::text[], $${first + 3}::text[], $${first + 4}::text[],
              $${first + 5}::bigint[]) as counted (measure, source, value, team, sentiment, count)
  order by 1, 2, 3, 4, 5
  on conflict (measure, source, value, team, sentiment, slot) do update set count = tally.count + excluded.count`;

export interface TallyRow {
  readonly measure: 'result' | 'outcome' | 'loop';
  readonly source: string;
  readonly value: string;
  readonly team?: string;
  readonly sentiment?: string;
  readonly count: number;
}

/** The six parameters of `tallyStatement`. */
export const tallyParameters = (rows: readonly TallyRow[]): unknown[] => [
  rows.map(({ measure }) => measure),
  rows.map(({ source }) => source),
  rows.map(({ value }) => value),
  rows.map(({ team }) => team ?? ''),
  rows.map(({ sentiment }) => sentiment ?? ''),
  rows.map(({ count }) => count),
];
