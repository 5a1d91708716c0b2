import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceName } from '@closeloop/contracts';
import { type StationStatus } from '@closeloop/messaging';
import { counted, Failure, readWords, span, table, UsageError, type Command, type Surroundings } from '../command.js';
import { Refused, Services } from '../services.client.js';
import { services as serviceNames } from '../workspace.js';

interface TableComparison {
  readonly table: string;
  readonly live: number;
  readonly next: number;
  readonly same: boolean;
  readonly onlyLive: number;
  readonly onlyNext: number;
  readonly examples: readonly string[];
}
interface Rebuild {
  readonly rebuildId: string;
  readonly state: 'filling' | 'done' | 'given-up';
  readonly startedAt: string;
  readonly tables?: readonly { readonly table: string; readonly live: number; readonly next: number }[];
  readonly comparison?: readonly TableComparison[];
}

const lookMs = 1_000;
/** From the beginning of time */
const everything = '1970-01-01T00:00:00.000Z';

export const insights: Command = {
  name: 'insights',
  summary: 'make what insights counts anew, from the events of their owners, while the old numbers answer',
  help: `npx closeloop insights rebuild [--compare] [--json]

Makes the read model of insights anew beside the one that answers: ingestion sends all feedback again through the hops, the loop service what it told of
every loop, and both models take what happens meanwhile. When all has arrived, both are compared, table by table (counts and checksums, then
rows), and the new one takes the old one's place at once. docs/metrics.md says what may differ, and why.

--compare  only compare: the new one is dropped afterwards; exit 1 where they differ

Ctrl-C gives it up. It waits while too much waits to be sent, so that what comes in meanwhile has room.

  npx closeloop insights rebuild --compare
`,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      words,
      { compare: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      { names: ['rebuild'], least: 1, most: 1 },
    );
    if (positionals[0] !== 'rebuild') throw new UsageError(`There is no insights ${positionals[0]}: rebuild.`);
    const services = await Services.find(surroundings);
    const started = await services.post<Rebuild>('insights', '/v1/rebuilds', {}).catch((error: unknown) => {
      if (error instanceof Refused && error.status === 409) {
        throw new Failure('another rebuild is under way, or one was left: POST /v1/rebuilds/<id>/give-up ends it.');
      }
      throw error;
    });
    const path = `/v1/rebuilds/${started.rebuildId}`;
    let over = false;
    const giveUp = () => (over ? undefined : services.post('insights', `${path}/give-up`, {}));
    process.once('SIGINT', () => void Promise.resolve(giveUp()).finally(() => process.exit(130)));
    try {
      await fill(services, started, surroundings);
      const comparison = await compare(services, path);
      if (!values.json) surroundings.out(told(comparison));
      const same = comparison.every((one) => one.same);
      if (values.compare) await giveUp();
      else await services.post('insights', `${path}/adopt`, {});
      over = true;
      if (values.json)
        surroundings.out(`${JSON.stringify({ rebuildId: started.rebuildId, same, comparison }, null, 2)}\n`);
      else surroundings.out(values.compare ? 'The rebuilt model was dropped.\n' : 'The rebuilt model answers now.\n');
      return values.compare && !same ? 1 : 0;
    } catch (error) {
      await Promise.resolve(giveUp()).catch(() => undefined);
      throw error;
    }
  },
};

/** Asks the owners for everything, and waits until it has arrived. */
async function fill(
  services: Services,
  { rebuildId: rebuild, startedAt }: Rebuild,
  { err }: Surroundings,
): Promise<void> {
  const patiently = <T>(service: ServiceName, path: string, body: object) =>
    services.postPatiently<T>(service, path, body, () => undefined);
  let feedback = 0;
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await patiently<{ events: number; cursor?: string }>('ingestion', '/v1/republish', {
      ...{ from: everything, rebuild, ...(cursor !== undefined && { cursor }) },
    });
    feedback += page.events;
    cursor = page.cursor;
    err(`ingestion: ${counted(feedback, 'revision')} of feedback sent again\n`);
  }
  let steps = 0;
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const page = await patiently<{ events: number; next?: string }>('loop', '/v1/history/republish', {
      ...{ rebuild, ...(after !== undefined && { after }) },
    });
    steps += page.events;
    after = page.next;
    err(`loop: ${counted(steps, 'step')} of loops sent again\n`);
  }
  // what was under way at one look has arrived at the next
  for (let quiet = 0, before = ''; quiet < 2;) {
    await pause(lookMs);
    const left = await underWay(services);
    const { tables = [] } = await services.get<Rebuild>('insights', `/v1/rebuilds/${rebuild}`);
    const progress = `${counted(left, 'event')} under way; ${tables.map(({ table: name, live, next }) => `${name} ${next} of ${live}`).join(', ')}`;
    if (progress !== before) err(`${span((Date.now() - Date.parse(startedAt)) / 1_000)}: ${progress}\n`);
    before = progress;
    quiet = left === 0 ? quiet + 1 : 0;
  }
}

/** Events in outboxes, and before whoever passes them on. @throws Failure where one does not say */
async function underWay(services: Services): Promise<number> {
  let left = 0;
  for (const service of serviceNames) {
    for (const url of services.replicasOf(service)) {
      const { partitions, outbox } = await services.from<StationStatus>(url, '/v1/station');
      left += outbox?.unsent ?? 0;
      // not known yet is not none
      for (const { lag } of partitions) left += lag ?? 1;
    }
  }
  return left;
}

async function compare(services: Services, path: string): Promise<readonly TableComparison[]> {
  await services.post('insights', `${path}/compare`, {});
  for (;;) {
    const { comparison } = await services.get<Rebuild>('insights', path);
    if (comparison) return comparison;
    await pause(lookMs);
  }
}

const told = (comparison: readonly TableComparison[]): string =>
  [
    table([
      ['table', 'rows', 'rebuilt', 'only before', 'only rebuilt', ''],
      ...comparison.map(({ table: name, live, next, same, onlyLive, onlyNext }) => [
        ...[name, String(live), String(next), String(onlyLive), String(onlyNext), same ? 'same' : 'differs'],
      ]),
    ]),
    ...comparison.flatMap(({ table: name, examples }) => examples.map((example) => `${name} ${example}\n`)),
  ].join('');
