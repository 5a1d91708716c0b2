import { type MetricAnswer } from '../domain/metric-answer.js';

/** What a spreadsheet would take for a formula is text to it with an apostrophe before it (OWASP, CSV Injection). */
const isFormula = /^[=+\-@\t\r]/;

function textCell(text: string | null | undefined): string {
  if (text == null) return '';
  const safe = isFormula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const numberCell = (value: number | null | undefined): string => (value == null ? '' : String(value));

/** An answer as RFC 4180 has it, a row a number; the first row names the columns. */
export function csvOf({ by, grain, rows }: MetricAnswer): string {
  const quantiles = [...new Set(rows.flatMap(({ quantiles: told }) => (told ?? []).map(({ q }) => q)))];
  const head = [
    ...(grain === 'total' ? [] : ['period']),
    ...by,
    ...['n', 'value', 'low', 'high', 'small', 'hidden'],
    ...quantiles.flatMap((q) => [`p${q * 100}`, `p${q * 100}_low`, `p${q * 100}_high`]),
  ];
  const lines = rows.map((row) => {
    const told = new Map((row.quantiles ?? []).map((quantile) => [quantile.q, quantile]));
    return [
      ...(grain === 'total' ? [] : [textCell(row.period)]),
      ...by.map((dimension) => textCell(row.values[dimension])),
      ...[numberCell(row.n), numberCell(row.value), numberCell(row.interval?.[0]), numberCell(row.interval?.[1])],
      ...[String(row.small), String(row.hidden)],
      ...quantiles.flatMap((q) => {
        const quantile = told.get(q);
        return [quantile?.value, quantile?.interval?.[0], quantile?.interval?.[1]].map(numberCell);
      }),
    ];
  });
  return [head, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}
