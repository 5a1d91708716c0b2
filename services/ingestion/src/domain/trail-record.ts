import { trailOf, type TrailStep } from '@closeloop/contracts';

const heading = /^#(\d{1,10})$/;

/** The record with one more way: `#<revision>` and a line a step, the way that was added last first. */
export const withTrail = (record: string | undefined, revision: number, trail: string): string =>
  `#${revision}\n${trail}${record === undefined ? '' : `\n${record}`}`;

/** The steps of each revision, by the way that was added last; a record that was cut may end in half a step. */
export function trailsOf(record: string | null): Map<number, TrailStep[]> {
  const trails = new Map<number, string[]>();
  let lines: string[] | undefined;
  for (const line of record?.split('\n') ?? []) {
    const revision = heading.exec(line)?.[1];
    if (revision === undefined) lines?.push(line);
    else {
      lines = [];
      if (!trails.has(Number(revision))) trails.set(Number(revision), lines);
    }
  }
  return new Map([...trails].map(([revision, steps]) => [revision, trailOf(steps.join('\n'))]));
}
