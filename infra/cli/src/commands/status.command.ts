import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceName } from '@closeloop/contracts';
import type { PartitionStatus, StationStatus } from '@closeloop/messaging';
import { counted, Failure, readWords, span, table, type Command } from '../command.js';
import { Services, Unreachable } from '../services.client.js';
import { services as serviceNames } from '../workspace.js';

interface Ledger {
  readonly results: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly unsettled: { total: number; oldestSeconds: number | null };
  readonly missing: number;
  readonly deadLetters: {
    open: number;
    underWay: number;
    failedAgain: number;
    discarded: number;
    oldestOpenSeconds: number | null;
    openByGroup: Readonly<Record<string, number>>;
  };
}
interface Replica {
  readonly service: ServiceName;
  readonly url: string;
  readonly station?: StationStatus;
  /** Why it told nothing */
  readonly silent?: string;
  /** Nothing listens there */
  readonly unreachable?: boolean;
}

/** One service, all its replicas together. */
export interface Stage {
  readonly service: ServiceName;
  readonly replicas: number;
  readonly ready: number;
  /** Events that it has done since its replicas started; of ingestion, revisions ever accepted */
  readonly received: number;
  /** Unsent events in the outbox; null where there is none */
  readonly waiting: number | null;
  /** Events before it; null while Kafka does not say */
  readonly lag: number | null;
  /** Of what waits in the outbox or before it, the longest wait that is known, seconds; null where nothing waits */
  readonly oldestSeconds: number | null;
  /** Letters of its group that are open; null where ingestion keeps none of it, or does not say */
  readonly deadLetters: number | null;
}
export interface Stuck extends Pick<
  PartitionStatus,
  'topic' | 'partition' | 'state' | 'waitsFor' | 'since' | 'attempts' | 'lag'
> {
  readonly service: ServiceName;
  readonly url: string;
}

/** Beside the way of a feedback: none waits for it, and what dies there is no end of one. */
const besideTheWay: readonly ServiceName[] = ['learning', 'rehearsal', 'insights'];
/** Of what dies there ingestion keeps no letter. */
const withoutLetters: readonly ServiceName[] = ['learning', 'rehearsal'];

const watchEveryMs = 2_000;
/** A service that hangs must not hide how the others are. */
const answerWithinMs = 3_000;

export const status: Command = {
  name: 'status',
  summary: 'each stage: received, waiting, lag, oldest, dead letters; what is stuck, on what, since when',
  help: `npx closeloop status [--watch] [--json]

received      events that the service has done since it started; of ingestion, revisions ever accepted
waiting       events that are committed and not yet sent (the outbox)
lag           events before it in Kafka
oldest        how long the oldest of these waits; of the ledger, how long the oldest feedback is unsettled
dead letters  open ones: neither sent again nor discarded (- of learning and rehearsal: no feedback ends there, so none is kept)

Below: partitions that do not go on, with what they wait for, since when and how often it was tried; replicas that are not ready; missing
feedback. Exit 1 if there is any of these. Nobody is waited for longer than three seconds. docs/operations.md says what to do about each. --watch shows it anew every two seconds.

  npx closeloop status
  docker compose exec -e CLOSELOOP_TOKEN ingestion npx closeloop status
`,
  async run(words, surroundings) {
    const { values } = readWords(words, {
      watch: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    });
    const services = await Services.find(surroundings, answerWithinMs);
    for (;;) {
      const seen = await look(services);
      if (values.json) surroundings.out(`${JSON.stringify(seen, null, values.watch ? 0 : 2)}\n`);
      else surroundings.out(`${values.watch ? '\x1b[2J\x1b[H' : ''}${told(seen)}`);
      if (!values.watch) return seen.good ? 0 : 1;
      await pause(watchEveryMs);
    }
  },
};

type Seen = Awaited<ReturnType<typeof look>>;

async function look(services: Services) {
  let refused: Failure | undefined;
  const asking = Promise.all(
    serviceNames.flatMap((service) =>
      services.replicasOf(service).map(async (url): Promise<Replica> => {
        try {
          return { service, url, station: await services.from<StationStatus>(url, '/v1/station') };
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          if (error.exitCode === 3) refused = error;
          return { service, url, silent: error.message, unreachable: error instanceof Unreachable };
        }
      }),
    ),
  );
  let ledgerSilent: string | undefined;
  const counting = services.get<Ledger>('ingestion', '/v1/ledger').catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    ledgerSilent = error.message;
    return undefined;
  });
  const [replicas, ledger] = await Promise.all([asking, counting]);
  if (replicas.every(({ station }) => !station)) {
    if (refused) throw refused;
    if (replicas.every(({ unreachable }) => unreachable))
      throw new Failure(`nothing answers at ${replicas.map(({ url }) => url).join(', ')}; npm start`);
  }
  const stuck = replicas.flatMap(({ service, url, station }): Stuck[] =>
    (station?.partitions ?? [])
      .filter(({ state }) => state !== 'running' && state !== 'positioning')
      .map(({ position: _p, end: _e, lastEventAt: _l, ...partition }) => ({ service, url, ...partition })),
  );
  const unready = replicas
    .filter(({ station }) => !station?.ready)
    .map(({ service, url, station, silent }) => ({ service, url, reasons: station?.reasons ?? { http: silent! } }));
  return {
    at: new Date().toISOString(),
    stages: serviceNames.map((service) =>
      stageOf(
        service,
        replicas.filter((one) => one.service === service),
        ledger,
      ),
    ),
    ledger: ledger ?? null,
    ...(ledgerSilent !== undefined && { ledgerSilent }),
    stuck,
    unready,
    // a partition that waits for room is no fault by itself
    good: ledger?.missing === 0 && unready.length === 0 && stuck.every(({ state }) => state === 'waiting'),
  };
}

/** The stations of a service's replicas as one: each partition is one's own, the outbox all replicas share. */
export function stageOf(service: ServiceName, replicas: readonly Replica[], ledger: Ledger | undefined): Stage {
  const stations = replicas.flatMap(({ station }) => station ?? []);
  const partitions = stations.flatMap((station) => station.partitions);
  const outboxes = stations.flatMap(({ outbox }) => outbox ?? []);
  const lags = partitions.map(({ lag }) => lag);
  const waits = [
    ...outboxes.filter(({ unsent }) => unsent > 0).map(({ oldestSeconds }) => oldestSeconds),
    ...partitions
      .filter(({ lag, since, lastEventAt }) => (lag ?? 0) > 0 && (since ?? lastEventAt) !== undefined)
      .map(({ since, lastEventAt }) => (Date.now() - Date.parse((since ?? lastEventAt)!)) / 1_000),
  ];
  const done = stations.reduce((sum, { events }) => sum + Object.values(events).reduce((a, b) => a + b, 0), 0);
  const accepted = ledger && (ledger.results['accepted'] ?? 0) + (ledger.results['revised'] ?? 0);
  return {
    service,
    replicas: replicas.length,
    ready: stations.filter(({ ready }) => ready).length,
    received: service === 'ingestion' ? (accepted ?? done) : done,
    waiting: outboxes.length > 0 ? Math.max(...outboxes.map(({ unsent }) => unsent)) : null,
    lag: stations.length === 0 || lags.includes(null) ? null : lags.reduce<number>((sum, lag) => sum + lag!, 0),
    oldestSeconds: waits.length > 0 ? Math.max(0, ...waits) : null,
    deadLetters:
      ledger && !withoutLetters.includes(service)
        ? (ledger.deadLetters.openByGroup[`closeloop.${service}`] ?? 0)
        : null,
  };
}

/** Feedback that is unsettled waits while something is away; it is missing only when nothing is. */
export function missingLine(
  missing: number,
  unready: readonly { readonly service: ServiceName }[],
  stuck: readonly Pick<Stuck, 'service' | 'state'>[],
): string {
  const waitedFor = (all: readonly { readonly service: ServiceName }[]) =>
    [...new Set(all.map(({ service }) => service))].filter((service) => !besideTheWay.includes(service));
  const away = [
    ...waitedFor(unready).map((service) => `${service} is not ready`),
    ...waitedFor(stuck).map((service) => `a partition of ${service} is stuck`),
  ];
  return away.length > 0
    ? `${missing} feedback ${missing === 1 ? 'waits' : 'wait'}: ${away.join(', ')}. Mend that first; republish is not for what waits\n`
    : `MISSING: ${missing} feedback ${missing === 1 ? 'is' : 'are'} unsettled without progress\n`;
}

function told({ at, stages, ledger, ledgerSilent, stuck, unready }: Seen): string {
  const number = (value: number | null): string => (value === null ? '-' : String(value));
  const wait = (seconds: number | null): string => (seconds === null ? '-' : span(seconds));
  const parts = [
    table([
      ['stage', 'ready', 'received', 'waiting', 'lag', 'oldest', 'dead letters'],
      ...stages.map((stage) => [
        ...[stage.service, `${stage.ready}/${stage.replicas}`, number(stage.received), number(stage.waiting)],
        ...[number(stage.lag), wait(stage.oldestSeconds), number(stage.deadLetters)],
      ]),
      ...(ledger
        ? [
            [
              ...['ledger', '', String(ledger.results['accepted'] ?? 0), String(ledger.unsettled.total), ''],
              ...[wait(ledger.unsettled.oldestSeconds), String(ledger.deadLetters.open)],
            ],
          ]
        : []),
    ]),
  ];
  if (ledger) {
    const standing = Object.entries(ledger.outcomes).map(([outcome, count]) => `${outcome} ${count}`);
    parts.push(`\nfeedback by what stands: ${standing.join(', ')}\n`);
    const { open, underWay, failedAgain, discarded, oldestOpenSeconds } = ledger.deadLetters;
    parts.push(
      `dead letters: ${open + underWay + failedAgain + discarded} not settled: ${open} open${oldestOpenSeconds === null ? '' : ` (oldest ${span(oldestOpenSeconds)})`}, ${underWay} sent again, ${failedAgain} failed again, ${discarded} discarded\n`,
    );
    if (ledger.missing > 0) parts.push(missingLine(ledger.missing, unready, stuck));
  } else parts.push(`\nno ledger: ${ledgerSilent}\n`);
  for (const { service, url, reasons } of unready)
    parts.push(
      `not ready: ${service} ${url}: ${Object.entries(reasons)
        .map(([check, why]) => `${check}: ${why}`)
        .join('; ')}\n`,
    );
  for (const { service, topic, partition, state, waitsFor, since, attempts, lag } of stuck)
    parts.push(
      `${state}: ${service}, ${topic}/${partition}: ${waitsFor ?? ''}${since ? `, since ${since} (${span((Date.now() - Date.parse(since)) / 1_000)})` : ''}, tried ${counted(attempts, 'time')}, ${lag === null ? '? events' : counted(lag, 'event')} behind it\n`,
    );
  return `${at}\n${parts.join('')}`;
}
