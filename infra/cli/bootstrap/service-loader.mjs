// Copied beside each service's bundle: Node's own modules only.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** V8 takes what it has compiled only from itself, and with the flags that it was compiled with. */
function cacheFileIn(folder) {
  const made = [process.version, process.arch, process.env.NODE_OPTIONS ?? '', ...process.execArgv].join('\0');
  return join(folder, `service.${createHash('sha256').update(made).digest('hex').slice(0, 16)}.cache`);
}

/**
 * Runs the service in a folder's `service.cjs`: with what V8 has compiled of it, where that is there, in much less processor time.
 * @param keep writes what V8 has compiled at the end of the process
 */
export function runService(folder, { keep = false } = {}) {
  const filename = join(folder, 'service.cjs');
  const cacheFile = cacheFileIn(folder);
  const script = new Script(readFileSync(filename, 'latin1'), {
    filename,
    cachedData: keep ? undefined : contentOf(cacheFile),
  });
  if (keep) {
    process.on('exit', () => {
      writeFileSync(`${cacheFile}.new`, script.createCachedData());
      renameSync(`${cacheFile}.new`, cacheFile);
    });
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename));
}

function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
