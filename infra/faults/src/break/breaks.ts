import { type ServiceName } from '@closeloop/contracts';
import { fileURLToPath } from 'node:url';

/** A guard that can be taken out, to see that the harness notices. */
export const breakNames = ['dedupe', 'fence', 'serial-send', 'outbox', 'receipt', 'poison-stop'] as const;
export type BreakName = (typeof breakNames)[number];

export interface Break {
  /** What is started instead of a service's own main */
  readonly programs: Readonly<Partial<Record<ServiceName, string>>>;
  /** The faults that show it */
  readonly faults: readonly string[];
  /** More of them than a run has otherwise */
  readonly kills?: number;
  /** What is taken out, and what is then to be seen */
  readonly note: string;
}

const without = (guard: BreakName, ...services: readonly ServiceName[]): Break['programs'] =>
  Object.fromEntries(
    services.map((service) => [service, fileURLToPath(new URL(`./${service}-without-${guard}.js`, import.meta.url))]),
  );

export const breaks: Readonly<Record<BreakName, Break>> = {
  dedupe: {
    programs: without('dedupe', 'loop'),
    faults: ['kill', 'cut'],
    kills: 12,
    note: 'The loop service forgets what it has settled: what a hop or a relay sends twice moves its loop twice.',
  },
  fence: {
    programs: without('fence', 'ingestion', 'loop'),
    faults: ['zombie'],
    note: 'The position is written unconditionally: a batch that two owners do is counted twice, exact counts do not come out.',
  },
  'serial-send': {
    programs: without('serial-send', 'ingestion', 'sentiment', 'routing', 'loop'),
    faults: ['cut'],
    note: 'Many sends at once by one idempotent kafkajs producer: what was acknowledged is lost when connections are cut.',
  },
  outbox: {
    programs: without('outbox', 'ingestion', 'loop'),
    faults: ['kill', 'broker-kill'],
    note: 'Events are sent after the commit, out of memory: what a kill or a broker that is away comes between is lost.',
  },
  receipt: {
    programs: without('receipt', 'loop'),
    faults: ['kill'],
    note: 'A delivery counts as sent before its receiver is asked: what the receiver refuses, or a kill comes between, never arrives.',
  },
  'poison-stop': {
    programs: without('poison-stop', 'ingestion', 'sentiment', 'routing', 'loop'),
    faults: ['poison'],
    note: 'What cannot be read is thrown instead of put aside: its partition stands, and nothing behind it is ever settled.',
  },
};
