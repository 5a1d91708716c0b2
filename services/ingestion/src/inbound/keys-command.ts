import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { sourcePattern } from '@closeloop/contracts';
import { CreateApiKey } from '../application/create-api-key.handler.js';
import { type ApiKeys, type ApiKeyView } from '../domain/api-keys.js';

export const keysUsage = `API keys of connectors, straight in ingestion's database (INGESTION_DATABASE_URL or DATABASE_URL).

  keys create --source <source> [--name <name>] [--json]   a new key; it is shown once
  keys list [--json]                                       all keys, without their secrets
  keys revoke <id> [--json]                                ends a key; in force within 10 seconds
`;

/** What went wrong with the command line itself. */
export class KeysUsageError extends Error {
  override readonly name = 'KeysUsageError';
}

function readCommand(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { source: { type: 'string' }, name: { type: 'string' }, json: { type: 'boolean' } },
    });
    return { ...values, positionals };
  } catch (error) {
    throw new KeysUsageError((error as Error).message);
  }
}

/**
 * Runs one command and returns what is to be printed.
 * @throws KeysUsageError for a command line that means nothing, and for an id that is not there.
 */
export async function runKeysCommand(keys: ApiKeys, args: string[]): Promise<string> {
  const { positionals, source, name, json } = readCommand(args);
  const [command, id, ...more] = positionals;
  const actor = { kind: 'command', subject: userInfo().username, roles: [] } as const;
  const print = (value: object, text: string): string => (json ? JSON.stringify(value) : text);
  if (command === 'create' && id === undefined) {
    if (source === undefined || !sourcePattern.test(source)) {
      throw new KeysUsageError(`--source must be given, and match ${String(sourcePattern)}`);
    }
    const created = await new CreateApiKey(keys).create({ source, actor, ...(name === undefined ? {} : { name }) });
    return print(created, created.key);
  }
  if (command === 'list' && id === undefined) {
    const all = await keys.list();
    return print({ keys: all }, all.map(lineOf).join('\n'));
  }
  if (command === 'revoke' && id !== undefined && more.length === 0) {
    const revoked = await keys.revoke(id, actor);
    if (!revoked) throw new KeysUsageError(`there is no key ${id}`);
    return print(revoked, lineOf(revoked));
  }
  throw new KeysUsageError('that is no command');
}

const lineOf = ({ id, source, name, createdAt, createdBy, revokedAt, lastUsedAt }: ApiKeyView): string =>
  [
    id,
    source,
    name ?? '-',
    `created ${createdAt.toISOString()} by ${createdBy}`,
    lastUsedAt ? `last used ${lastUsedAt.toISOString()}` : 'never used',
    revokedAt ? `revoked ${revokedAt.toISOString()}` : 'valid',
  ].join('  ');
