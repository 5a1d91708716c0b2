import { feedbackIdOf } from '@closeloop/contracts';
import { counted, idOf, readWords, table, type Command } from '../command.js';
import { Refused, Services } from '../services.client.js';

interface Step {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly at: string;
  readonly attempts: number;
}
interface Trace {
  readonly feedbackId: string;
  readonly source: string;
  readonly revision: number;
  readonly status: string;
  readonly outcome?: { outcome: string; revision: number; settlement: number; team?: string; settledAt: string };
  readonly loop?: { loopId: string; version: number; state: string; cycle: number; team: string; changedAt: string };
  readonly revisions: readonly {
    revision: number;
    kind: string;
    receivedAt: string;
    eventId: string;
    outbox: 'waiting' | 'sent';
    steps: readonly Step[];
  }[];
  readonly deadLetters: readonly {
    id: string;
    revision?: number;
    state: string;
    reason: string;
    steps: readonly Step[];
  }[];
}

export const trace: Command = {
  name: 'trace',
  summary: 'where a feedback has been, with times, attempts and offsets',
  help: `npx closeloop trace <feedbackId> [--json]
npx closeloop trace <source> <externalId> [--json]

Every revision: when it came, whether it is sent, each step that handled it (where it found the event, when, at which attempt), its
dead letters; then what became of it and where its loop stands. A step is known once the revision is settled or dead; until then
\`closeloop status\` says how far each service is. Feedback that was never accepted has dead letters at most: they are listed, exit 1.

  npx closeloop trace 3f2c8f5e-1c64-5b0e-9d34-0f5a2c9e7b11
  npx closeloop trace reviews 4711
`,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      words,
      { json: { type: 'boolean', default: false } },
      { names: ['<feedbackId>, or <source> <externalId>'], least: 1, most: 2 },
    );
    const [first, externalId] = positionals as [string, string?];
    const feedbackId = externalId === undefined ? idOf(first) : feedbackIdOf(first, externalId);
    const services = await Services.find(surroundings);
    let found: Trace;
    try {
      found = await services.get<Trace>('ingestion', `/v1/feedback/${feedbackId}/trace`);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) throw error;
      const { items: letters } = await services.get<{ items: readonly Letter[] }>(
        'ingestion',
        `/v1/dead-letters?feedbackId=${feedbackId}&limit=200`,
      );
      surroundings[letters.length > 0 && values.json ? 'out' : 'err'](
        values.json && letters.length > 0
          ? `${JSON.stringify({ feedbackId, status: 'never-accepted', deadLetters: letters }, null, 2)}\n`
          : notAccepted(feedbackId, letters),
      );
      return 1;
    }
    surroundings.out(values.json ? `${JSON.stringify(found, null, 2)}\n` : told(found));
    return 0;
  },
};

interface Letter {
  readonly id: string;
  readonly diedAt: string;
  readonly state: string;
  readonly topic: string;
  readonly reason: string;
  readonly message: string;
}

const notAccepted = (feedbackId: string, letters: readonly Letter[]): string =>
  letters.length === 0
    ? `closeloop trace: there is no feedback ${feedbackId}, and no dead letter of it.\n`
    : `feedback ${feedbackId} was never accepted; it has ${counted(letters.length, 'dead letter')}:\n${table(
        letters.map(({ id, diedAt, state, topic, reason, message }) => [id, diedAt, state, topic, reason, message]),
      )}`;

function told({ feedbackId, source, status, revisions, deadLetters, outcome, loop }: Trace): string {
  const rows: string[][] = [];
  for (const { revision, kind, receivedAt, outbox, steps } of revisions) {
    rows.push([
      `#${revision} ${kind}`,
      receivedAt,
      'accepted',
      outbox === 'sent' ? 'sent to Kafka' : 'waits in the outbox',
    ]);
    rows.push(...steps.map((step) => rowOf(step)));
    for (const letter of deadLetters.filter((one) => one.revision === revision)) rows.push(...rowsOf(letter));
  }
  for (const letter of deadLetters.filter((one) => one.revision === undefined)) rows.push(...rowsOf(letter));
  return [
    `feedback ${feedbackId} of ${source}: ${status}\n`,
    table(rows),
    ...(outcome
      ? [
          `outcome ${outcome.outcome} of revision ${outcome.revision}${outcome.team ? `, team ${outcome.team}` : ''}, settled ${outcome.settledAt}\n`,
        ]
      : []),
    ...(loop
      ? [`loop ${loop.loopId}: ${loop.state}, version ${loop.version}, team ${loop.team}, since ${loop.changedAt}\n`]
      : []),
  ].join('');
}

const rowOf = ({ group, topic, partition, offset, at, attempts }: Step, more = ''): string[] => [
  '',
  at,
  group.replace(/^closeloop\./, ''),
  `${topic} ${partition}/${offset}, attempt ${attempts}${more}`,
];

const rowsOf = ({ id, state, reason, steps }: Trace['deadLetters'][number]): string[][] =>
  steps.map((step, at) =>
    rowOf(step, at === steps.length - 1 ? `: died, ${reason} (dead letter ${id}, ${state})` : ''),
  );
