import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A secret for development, such as the links to customers are signed with. Made once and kept readable by its owner only: a link
 * works, and who is signed in stays so, after the next start, too.
 */
export async function keptSecret(dataDir: string, name: 'link-secret' | 'console-session-secret'): Promise<string> {
  const file = join(dataDir, name);
  try {
    await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFile(file, 'utf8');
}
