import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { feedbackReceived } from '@closeloop/contracts';
import { readLog } from '@closeloop/messaging';
import { AuditLog, describeError, openDatabase } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { RecoverFeedback } from './application/recover-feedback.handler.js';
import { ingestionDatabase } from './ingestion.database.js';
import { RecoveryRepository } from './infrastructure/recovery.repository.js';

const usage = `recover --since <RFC 3339> [--force]

Enters what was accepted since then and stands in ${feedbackReceived.topic}, where ingestion's database was set back
to a backup of that time. Run it before ingestion is started again; --force runs it all the same. Harmless twice; sends nothing.
`;

/** Told as it is. */
class Stop extends Error {}

// what is written to standard output is the result
Logger.overrideLogger(['error', 'fatal']);

// works without a running service: what is accepted before it has run may take a number that was given already
try {
  const { values } = parseArgs({
    options: { since: { type: 'string' }, force: { type: 'boolean', default: false } },
  });
  const since = new Date(values.since ?? '');
  if (Number.isNaN(since.getTime())) {
    process.stderr.write(usage);
    process.exit(2);
  }
  const database = await openDatabase('ingestion', ingestionDatabase, process.env);
  try {
    // whoever runs holds leases on the outbox, also while Kafka is away; who was killed holds them for six seconds
    const [held] = await database.query<[{ running: boolean }]>(
      'select exists (select 1 from outbox_lease where holder is not null and expires_at > clock_timestamp()) as running',
    );
    if (held.running && !values.force)
      throw new Stop(
        'Ingestion runs: what it accepts before this may take a number that was given already. Stop it first, or say --force.',
      );
    const actor = { kind: 'command', subject: userInfo().username, roles: [] } as const;
    const recovery = new RecoverFeedback(
      new RecoveryRepository(database, AuditLog.for('ingestion', process.env), { actor, since }),
    );
    const { unreadable } = await readLog(process.env, 'ingestion', feedbackReceived, since, (events) =>
      recovery.handle(events.map(({ data }) => data)),
    );
    process.stdout.write(`${JSON.stringify({ ...recovery.sum, unreadable })}\n`);
  } finally {
    await database.destroy();
  }
} catch (error) {
  process.stderr.write(`${error instanceof Stop ? error.message : describeError(error)}\n`);
  process.exitCode = 1;
}
