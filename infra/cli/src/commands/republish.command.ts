import { pipeline, type ServiceName } from '@closeloop/contracts';
import { counted, Failure, idOf, readWords, timesOf, UsageError, type Command, type Surroundings } from '../command.js';
import { connections } from '../connections.js';
import { Services } from '../services.client.js';
import { services as serviceNames } from '../workspace.js';

interface Page {
  readonly feedback: number;
  readonly events: number;
  readonly erased: number;
  readonly cursor?: string;
}

export const republish: Command = {
  name: 'republish',
  summary: 'send accepted feedback again, for a Kafka that lost it',
  help: `npx closeloop republish --from TIME [--to TIME] [--source S] [--reset-positions]
npx closeloop republish --id <feedbackId> [--id …] [--reset-positions]

Sends what ingestion keeps again: every revision, in order, under the id that it had. Each service handles what it had not; what was
settled says so again, and loops tell where they stand. Twice is harmless. It waits while too much waits to be sent, so that what comes
in meanwhile has room. TIME is that of receipt: 2026-11-22T08:00:00Z, a day, or 2h for two hours ago.

--reset-positions  first takes the services' positions anew that their log does not hold or that are of another cluster (an alarm in
                   \`closeloop status\`); all others stay. Needs KAFKA_BROKERS and DATABASE_URL. Make the topics first: closeloop topics
--dry-run          only says which positions it would take anew

  npx closeloop republish --from 7d --reset-positions        Kafka was lost: all that it would have held
  npx closeloop republish --id 3f2c8f5e-1c64-5b0e-9d34-0f5a2c9e7b11
`,
  async run(words, surroundings) {
    const { values } = readWords(words, {
      from: { type: 'string' },
      to: { type: 'string' },
      source: { type: 'string' },
      id: { type: 'string', multiple: true },
      'reset-positions': { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    });
    const { from, to } = timesOf(values);
    const ids = values.id?.map(idOf);
    const { source, json, 'dry-run': dryRun, 'reset-positions': resets } = values;
    if ((ids === undefined) === (from === undefined)) throw new UsageError('Give --from or --id, one of both.');
    if (ids && (to ?? source) !== undefined) throw new UsageError('--to and --source go with --from.');
    if (dryRun && !resets) throw new UsageError('--dry-run goes with --reset-positions.');
    if (resets) await reset(dryRun, json, surroundings);
    if (dryRun) return 0;

    const services = await Services.find(surroundings);
    await mustBeKnown(services, ids, source);
    const which = ids ? { ids } : { from, ...(to && { to }), ...(source && { source }) };
    const total = { feedback: 0, events: 0, erased: 0 };
    let told = '';
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await services.postPatiently<Page>(
        'ingestion',
        '/v1/republish',
        { ...which, ...(cursor !== undefined && { cursor }) },
        (why) => {
          if (told !== why) surroundings.err(`${why}\n`);
          told = why;
        },
      );
      // a feedback whose revisions fill more than one page is counted in each
      for (const name of ['feedback', 'events', 'erased'] as const) total[name] += page[name];
      cursor = page.cursor;
    }
    surroundings.out(
      json
        ? `${JSON.stringify(total)}\n`
        : `${counted(total.events, 'event was', 'events were')} sent again${total.erased > 0 ? `; of ${counted(total.erased, 'revision')} nothing is kept: erased` : ''}. \`closeloop reconcile\` says when all of it is settled.\n`,
    );
    return 0;
  },
};

/** Most ids that are asked for at once. */
const atOnce = 100;

/** @throws Failure, before anything is sent, for feedback or a source that is not there */
async function mustBeKnown(services: Services, ids: readonly string[] = [], source?: string): Promise<void> {
  const unknown = new Set(ids);
  for (let at = 0; at < ids.length; at += atOnce) {
    const asked = ids.slice(at, at + atOnce).join(',');
    const { rows } = await services.get<{ rows: { feedbackId: string }[] }>(
      'ingestion',
      `/v1/reconciliation?ids=${asked}`,
    );
    for (const { feedbackId } of rows) unknown.delete(feedbackId);
  }
  if (unknown.size > 0) throw new Failure(`there is no feedback ${[...unknown].join(', ')}; nothing was sent.`);
  if (source === undefined) return;
  const query = new URLSearchParams({ source }).toString();
  const { results } = await services.get<{ results: Record<string, number> }>('ingestion', `/v1/ledger?${query}`);
  if ((results['accepted'] ?? 0) === 0)
    throw new Failure(`there is no feedback of a source ${source}; nothing was sent.`);
}

/** Where each keeps its positions, as its module says: in Kafka, or in its database with what it does. */
const positionsOf: Readonly<Record<ServiceName, 'hop' | 'effect'>> = {
  ingestion: 'effect',
  sentiment: 'hop',
  learning: 'effect',
  routing: 'hop',
  rehearsal: 'effect',
  loop: 'effect',
  insights: 'effect',
};

async function reset(dryRun: boolean, json: boolean, surroundings: Surroundings): Promise<void> {
  const env = {
    ...(await connections(surroundings, 'KAFKA_BROKERS')),
    ...(await connections(surroundings, 'DATABASE_URL')),
  };
  let positions = 0;
  const { resetPositions } = await import('@closeloop/messaging');
  for (const service of serviceNames) {
    const anew = await resetPositions(env, service, pipeline[service], positionsOf[service], { dryRun });
    positions += anew.length;
    for (const { topic, partition, to, reason } of anew)
      surroundings.err(`${service}: ${topic}/${partition} ${dryRun ? 'would go' : 'goes'} on at ${to} (${reason})\n`);
  }
  if (dryRun)
    surroundings.out(
      json ? `${JSON.stringify({ positions })}\n` : `${counted(positions, 'position')} would be taken anew\n`,
    );
  else surroundings.err(`${counted(positions, 'position was', 'positions were')} taken anew\n`);
}
