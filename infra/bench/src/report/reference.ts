import { type Figure } from './figures.js';

/**
 * Medians of CPU seconds a million, by `<work>/<subject>`: compared and not throughput, which depends more on what else the machine does. The bare
 * parts' are kept beside ours, as the measure of the machine: on another one both take more or less.
 */
export interface Reference {
  readonly machine: string;
  readonly date: string;
  readonly cpuSecondsPerMillion: Readonly<Record<string, number>>;
}

/** How much more than the reference is taken for a regression */
const tolerated = 0.15;
const yardstick = 'bare';

export const nameOf = ({ work, subject }: Pick<Figure, 'work' | 'subject'>): string => `${work}/${subject}`;

export const referenceOf = (figures: readonly Figure[], machine: string, date: string): Reference => ({
  ...{ machine, date },
  cpuSecondsPerMillion: Object.fromEntries(
    figures
      // at half of the load what counts is how long it takes
      .filter(({ subject, work }) => (subject === 'ours' || subject === yardstick) && work !== 'latency')
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
    const { work, subject } = figure;
    const kept = cpuSecondsPerMillion[nameOf(figure)];
    if (subject !== 'ours' || kept === undefined) return [];
    const speed = speedOf(work, figures, cpuSecondsPerMillion);
    const before = kept * (speed ?? 1);
    const now = figure.cpuSecondsPerMillion.median;
    // the last digits of a product are not what this is about
    if (now / before - 1 <= tolerated + 1e-9) return [];
    const more = Math.round((now / before - 1) * 100);
    const scaled =
      speed === undefined ? '' : ` (${kept.toFixed(1)}, times ${speed.toFixed(2)}: what the bare parts take here)`;
    return [
      `${nameOf(figure)}: ${now.toFixed(1)} CPU seconds a million, ${before.toFixed(1)} by the reference${scaled}: ${more} % more`,
    ];
  });
}

/** How many times as much CPU the bare parts take for it here as where the reference was made. */
function speedOf(
  work: Figure['work'],
  figures: readonly Figure[],
  kept: Reference['cpuSecondsPerMillion'],
): number | undefined {
  const here = figures.find((figure) => figure.work === work && figure.subject === yardstick);
  const there = kept[nameOf({ work, subject: yardstick })];
  return here && there !== undefined ? here.cpuSecondsPerMillion.median / there : undefined;
}
