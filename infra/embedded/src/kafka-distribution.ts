import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { run } from './process.js';

export type Say = (line: string) => void;

/** How Kafka can run on this machine. */
export type KafkaDistribution =
  | {
      kind: 'jars';
      java: string;
      classPath: string;
      /** Where this Java keeps the broker's classes as it has them in memory, once the first broker has stopped. */
      classArchive: string;
    }
  | { kind: 'container'; image: string };

const OLDEST_JAVA = 17;
const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const pomFile = join(packageFolder, 'pom.xml');

/** The version of Apache Kafka, from pom.xml. */
export async function kafkaVersion(): Promise<string> {
  const version = /<kafka\.version>([\d.]+)<\/kafka\.version>/.exec(await readFile(pomFile, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${pomFile} has no <kafka.version>.`);
  return version;
}

export const kafkaImage = async () => `apache/kafka:${await kafkaVersion()}`;

/** The jars where Java and Maven are there; else a container; else, as root on Debian, what apt-get installs.
 * @throws one message with the command to type where none of these is possible */
export async function kafkaDistribution(say: Say): Promise<KafkaDistribution> {
  const local = await localDistribution(say);
  if (local) return local;

  const lacking = await lackingTools();
  if (await hasDockerEngine()) {
    const image = await kafkaImage();
    say(`No ${lacking} here; Docker runs ${image} instead.`);
    return { kind: 'container', image };
  }
  if (process.getuid?.() === 0 && (await isDebian())) {
    say(`No ${lacking} here; installing default-jre-headless and maven with apt-get (some minutes, once).`);
    await aptInstall(say);
    const installed = await localDistribution(say);
    if (installed) return installed;
  }
  throw new Error(
    `Kafka needs Java ${OLDEST_JAVA} or later and Maven, or a Docker engine; there is no ${await lackingTools()} and no engine that answers. ` +
      `Install them and try again:\n\n  ${await installCommand()}\n\n` +
      'Or set KAFKA_BROKERS to a Kafka that runs already.',
  );
}

async function localDistribution(say: Say): Promise<KafkaDistribution | undefined> {
  const java = await usableJava();
  if (java === undefined) return undefined;
  const pom = await readFile(pomFile, 'utf8');
  const folder = join(packageFolder, 'target', `kafka-${shortHash(pom)}`);
  const classPath = join(folder, '*');
  const complete = await access(folder).then(
    () => true,
    () => false,
  );
  if (!complete) {
    if (!(await answers('mvn', ['-v']))) return undefined;
    await copyJars(folder, say);
  }
  return { kind: 'jars', java: java.command, classPath, classArchive: `${folder}-${shortHash(java.said)}.jsa` };
}

async function copyJars(folder: string, say: Say): Promise<void> {
  say(`Apache Kafka ${await kafkaVersion()}: Maven fetches its jars (about 45 MB, once).`);
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    let fetched = 0;
    await follow(
      'mvn',
      [
        '-B',
        '-f',
        pomFile,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${unfinished}`,
      ],
      (line) => {
        if (!/^(\[INFO\] )?Downloaded from /.test(line) || !line.includes('.jar')) return;
        fetched += 1;
        if (fetched % 10 === 0) say(`  ${fetched} jars`);
      },
    );
    // Renamed when whole, so that a kill leaves all jars or none.
    await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

export async function usableJava(): Promise<{ command: string; said: string } | undefined> {
  const home = process.env['JAVA_HOME'];
  for (const command of [...(home ? [join(home, 'bin', 'java')] : []), 'java']) {
    const { stdout, stderr } = await run(command, ['-version']).catch(() => ({ stdout: '', stderr: '' }));
    const said = stderr + stdout;
    if ((majorOf(said) ?? 0) >= OLDEST_JAVA) return { command, said };
  }
  return undefined;
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** From what `java -version` says: 17 of "17.0.15", 8 of "1.8.0_412". */
export function majorOf(said: string): number | undefined {
  const version = /version "(\d+)(?:\.(\d+))?/.exec(said);
  if (!version) return undefined;
  return Number(version[1] === '1' ? version[2] : version[1]);
}

export async function lackingTools(): Promise<string> {
  const lacking = [
    ...((await usableJava()) === undefined ? [`Java ${OLDEST_JAVA} or later`] : []),
    ...((await answers('mvn', ['-v'])) ? [] : ['Maven']),
  ];
  return lacking.join(' and no ');
}

export const hasDockerEngine = () => answers('docker', ['version', '--format', '{{.Server.Version}}']);

export const answers = (command: string, words: string[]) =>
  run(command, words, { timeout: 20_000 }).then(
    () => true,
    () => false,
  );

async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && (await answers('apt-get', ['--version']));
}

async function aptInstall(say: Say): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const progress = (line: string) => {
    if (/^(Need to get|Setting up (openjdk|default-jre|maven))/.test(line)) say(`  ${line}`);
  };
  await follow('apt-get', ['update', '-q'], () => undefined, env);
  await follow(
    'apt-get',
    ['install', '-qy', '--no-install-recommends', 'default-jre-headless', 'maven'],
    progress,
    env,
  );
}

async function installCommand(): Promise<string> {
  if (process.platform === 'darwin') return 'brew install openjdk maven';
  if (await isDebian()) return 'sudo apt-get install -y default-jre-headless maven';
  if (await answers('dnf', ['--version'])) return 'sudo dnf install -y java-21-openjdk-headless maven';
  return 'install a Java runtime (https://adoptium.net) and Maven (https://maven.apache.org)';
}

/** Runs to the end, each line of output handed over. @throws with the last lines where it fails */
export async function follow(
  command: string,
  words: readonly string[],
  onLine: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
  user?: { uid: number; gid: number },
): Promise<void> {
  const child = spawn(command, words, {
    ...(user && { uid: user.uid, gid: user.gid, cwd: '/' }),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > 20) last.shift();
      onLine(line);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${words[0] ?? ''} failed (${code}):\n${last.join('\n')}`);
}

/** Keeps a file's text whole under a kill. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}
