import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram, type Env } from './program.js';
import { programOf } from './workspace.js';

/** A connector's key for development, made once for each source. It is kept readable by its owner only; the database has
 * its hash. One that the service no longer knows (revoked, another database) is made anew. */
export async function developmentKey(
  source: string,
  { dataDir, env, ingestionUrl }: { dataDir: string; env: Env; ingestionUrl: string },
): Promise<string> {
  const file = join(dataDir, 'development-keys.json');
  const keys = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Record<string, string>;
  const kept = keys[source];
  if (kept !== undefined && (await isKnown(kept, ingestionUrl))) return kept;
  const { key } = await createKey(source, 'development', env);
  await writeFile(file, JSON.stringify({ ...keys, [source]: key }, null, 2), { mode: 0o600 });
  return key;
}

async function isKnown(key: string, ingestionUrl: string): Promise<boolean> {
  const response = await fetch(`${ingestionUrl}/v1/api-keys/self`, { headers: { authorization: `Bearer ${key}` } });
  await response.body?.cancel();
  if (response.ok) return true;
  if (response.status === 401 || response.status === 403) return false;
  throw new Error(`${ingestionUrl}/v1/api-keys/self answered ${response.status}`);
}

async function createKey(source: string, name: string, env: Env): Promise<{ key: string }> {
  const words = ['create', '--source', source, '--name', name, '--json'];
  const output = await runProgram(programOf('ingestion', 'keys.js'), words, env);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as { key: string };
}
