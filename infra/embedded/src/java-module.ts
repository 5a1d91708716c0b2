import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, follow, lackingTools, usableJava, writeWhole } from './kafka-distribution.js';

/** What a program of a Maven module is run with, or what it cannot be built or run without. */
export type JavaModule = { readonly java: string; readonly classPath: string } | { readonly missing: string };

/**
 * The module whose pom.xml lies in the folder: `mvn package` leaves its jar and all that it needs in target/lib. Built where its sources are
 * others than those that it was built of.
 * @throws with Maven's last lines where the build fails
 */
export async function javaModule(folder: string): Promise<JavaModule> {
  const java = await usableJava();
  if (java === undefined) return { missing: await lackingTools() };
  const module = { java: java.command, classPath: join(folder, 'target', 'lib', '*') };
  const mark = join(folder, 'target', 'built.sha256');
  const sources = await hashOf(folder);
  if ((await readFile(mark, 'utf8').catch(() => '')) === sources) return module;
  if (!(await answers('mvn', ['-v']))) return { missing: await lackingTools() };
  await rm(join(folder, 'target'), { recursive: true, force: true });
  await follow('mvn', ['-B', '-q', '-f', join(folder, 'pom.xml'), 'package'], () => undefined);
  await writeWhole(mark, sources);
  return module;
}

async function hashOf(folder: string): Promise<string> {
  const entries = await readdir(join(folder, 'src'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hash = createHash('sha256');
  for (const file of [join(folder, 'pom.xml'), ...files.sort()]) hash.update(await readFile(file)).update('\0');
  return hash.digest('hex');
}
