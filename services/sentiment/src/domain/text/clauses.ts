import type { Token } from './tokens.js';

/** Tokens [from, to). */
export interface Clause {
  readonly from: number;
  readonly to: number;
}

/** They begin what is said against what was said before. */
const turns: ReadonlySet<string> = new Set(['but', 'however', 'although', 'though', 'yet', 'whereas', 'except']);
/** Fewer words say nothing by themselves. */
const fewestWords = 3;

/** The sentences of a text, cut again where it turns. Short ones belong to what follows, the last one to what came before. */
export function clausesOf(tokens: readonly Token[]): Clause[] {
  const clauses: Clause[] = [];
  let from = 0;
  let words = 0;
  tokens.forEach(({ kind, text }, at) => {
    if (kind === 'stop') {
      if (words < fewestWords) return;
      clauses.push({ from, to: at + 1 });
      from = at + 1;
      words = 0;
    } else if (kind === 'word') {
      if (words >= fewestWords && turns.has(text)) {
        clauses.push({ from, to: at });
        from = at;
        words = 0;
      }
      words += 1;
    }
  });
  if (from < tokens.length) {
    const last = clauses.at(-1);
    if (last && words === 0) clauses[clauses.length - 1] = { from: last.from, to: tokens.length };
    else clauses.push({ from, to: tokens.length });
  }
  return clauses;
}
