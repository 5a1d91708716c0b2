import { AuditLog, describeError, openDatabase } from '@closeloop/platform';
import { edgesDatabase } from './edges.database.js';
import { KeysUsageError, keysUsage, runKeysCommand } from './inbound/keys-command.js';
import { ApiKeyRepository } from './infrastructure/api-key.repository.js';

// works without a running service, so that the first key can be made
try {
  const args = process.argv.slice(2);
  if (args.length === 0) throw new KeysUsageError('what is to be done?');
  const database = await openDatabase('ingestion', edgesDatabase, process.env);
  try {
    process.stdout.write(
      `${await runKeysCommand(new ApiKeyRepository(database, AuditLog.for('ingestion', process.env)), args)}\n`,
    );
  } finally {
    await database.destroy();
  }
} catch (error) {
  const isUsage = error instanceof KeysUsageError;
  process.stderr.write(isUsage ? `${error.message}\n\n${keysUsage}` : `${describeError(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
