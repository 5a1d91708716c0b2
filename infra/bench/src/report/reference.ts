import { type Figure } from './figures.js';

/** Medians of CPU seconds a million, by `<work>/<subject>`. Compared and not throughput: it depends less on what else the machine does. */
export interface Reference {
  readonly machine: string;
  readonly date: string;
  readonly cpuSecondsPerMillion: Readonly<Record<string, number>>;
}

/** How much more than the reference is taken for a regression */
const tolerated = 0.15;

export const nameOf = ({ work, subject }: Pick<Figure, 'work' | 'subject'>): string => `${work}/${subject}`;

export const referenceOf = (figures: readonly Figure[], machine: string, date: string): Reference => ({
  ...{ machine, date },
  cpuSecondsPerMillion: Object.fromEntries(
    figures
      // at half of the load what counts is how long it takes
      .filter(({ subject, work }) => subject === 'ours' && work !== 'latency')
      .map((figure) => [nameOf(figure), Math.round(figure.cpuSecondsPerMillion.median * 10) / 10]),
  ),
});

/** @throws Error that says what is wrong with it */
export function readReference(text: string, file: string): Reference {
  const value = JSON.parse(text) as Partial<Reference> | null;
  const figures = Object.entries(value?.cpuSecondsPerMillion ?? {});
  if (figures.length === 0 || figures.some(([, seconds]) => typeof seconds !== 'number' || !(seconds > 0))) {
    throw new Error(`${file}: cpuSecondsPerMillion must hold numbers above 0, by <work>/<subject>`);
  }
  return value as Reference;
}

/** What takes more than before, a line each; what either of them lacks is not compared. */
export function regressions(figures: readonly Figure[], { cpuSecondsPerMillion }: Reference): string[] {
  return figures.flatMap((figure) => {
    const name = nameOf(figure);
    const before = cpuSecondsPerMillion[name];
    const now = figure.cpuSecondsPerMillion.median;
    // the last digits of a product are not what this is about
    if (before === undefined || now / before - 1 <= tolerated + 1e-9) return [];
    const more = Math.round((now / before - 1) * 100);
    return [`${name}: ${now.toFixed(1)} CPU seconds a million, ${before.toFixed(1)} in the reference: ${more} % more`];
  });
}
