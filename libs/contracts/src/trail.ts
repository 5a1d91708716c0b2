/** Header in which each step notes that it has handled an event; the next one finds it there. */
export const trailHeader = 'closeloop_trail';

/** One step on an event's way. */
export interface TrailStep {
  /** Kafka consumer group of the step */
  readonly group: string;
  /** Where it found the event, without the environment's prefix */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** RFC 3339: when it was handled */
  readonly at: string;
  /** How often it was handed to the handler, 1 where the first time was good */
  readonly attempts: number;
}

/** Steps that are kept; an event that goes round and round keeps the last. */
const maxSteps = 16;
/** A trail that is longer is none of ours, and is left behind: it would grow the events that carry it. */
const maxTrailLength = maxSteps * 512;

/** The header's value with one more step: a line a step, its parts divided by spaces. */
export const withStep = (trail: string | undefined, step: TrailStep): string => stepNoter(step)(trail, step.offset);

/** `withStep` for many events of one part: what is the same in all of them is put together once. */
export function stepNoter({
  group,
  topic,
  partition,
  at,
  attempts,
}: Omit<TrailStep, 'offset'>): (trail: string | undefined, offset: string) => string {
  const before = `${group} ${topic} ${partition} `;
  const after = ` ${at} ${attempts}`;
  return (trail, offset) => {
    const line = before + offset + after;
    if (!trail || trail.length > maxTrailLength) return line;
    return `${lastLines(trail, maxSteps - 1)}\n${line}`;
  };
}

function lastLines(text: string, count: number): string {
  let at = text.length;
  for (let lines = 0; lines < count; lines++) {
    // lastIndexOf takes a negative start for 0.
    at = at === 0 ? -1 : text.lastIndexOf('\n', at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + 1);
}

/** The steps of a header, first one first; what is no step is left out. */
export function trailOf(header: string | undefined): TrailStep[] {
  if (!header) return [];
  return header.split('\n').flatMap((line) => {
    const [group, topic, partition, offset, at, attempts, ...rest] = line.split(' ');
    if (attempts === undefined || rest.length > 0) return [];
    if (!/^\d{1,9}$/.test(partition!) || !/^\d{1,19}$/.test(offset!) || !/^\d{1,9}$/.test(attempts)) return [];
    if (Number.isNaN(Date.parse(at!))) return [];
    return [
      {
        group: group!,
        topic: topic!,
        partition: Number(partition),
        offset: offset!,
        at: at!,
        attempts: Number(attempts),
      },
    ];
  });
}
