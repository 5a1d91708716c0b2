import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaModule } from '@closeloop/embedded';
import { Ajv } from 'ajv';
import { parseAllDocuments, stringify } from 'yaml';
import { scaledObject, triggerAuthentication } from './keda.schema.js';

export const chartFolder = join(import.meta.dirname, '..', 'closeloop');

/** As it is applied, of whatever kind. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Manifest = any;

/** `helm lint --strict`. @returns what it says @throws with what it finds wrong */
export const lint = (): Promise<string> => helm(['lint', chartFolder]);

/** `helm template`, without hooks. @throws with what Helm refuses */
export async function template(values: object = {}, chart = chartFolder): Promise<Manifest[]> {
  const folder = mkdtempSync(join(tmpdir(), 'closeloop-chart-'));
  try {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, stringify(values));
    return manifestsOf(await helm(['template', chart, 'shop', file]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Kubernetes reads YAML 1.1, where `on` is true. */
const manifestsOf = (text: string): Manifest[] =>
  parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    const manifest: unknown = document.toJS();
    return manifest === null ? [] : [manifest];
  });

const ajv = new Ajv({ allErrors: true });
const keda: Readonly<Record<string, ReturnType<Ajv['compile']>>> = {
  ScaledObject: ajv.compile(scaledObject),
  TriggerAuthentication: ajv.compile(triggerAuthentication),
};

/** What is not as Kubernetes' OpenAPI document, or KEDA, has it: unknown and missing fields, wrong types. */
export async function problemsOf(manifests: readonly Manifest[]): Promise<string[]> {
  const foreign = manifests.filter(({ apiVersion }) => !String(apiVersion).startsWith('keda.sh/'));
  const ours = manifests.filter((manifest) => !foreign.includes(manifest));
  const problems = ours.flatMap((manifest) => {
    const validate = keda[manifest.kind as string];
    if (validate === undefined) return [`${manifest.kind}: KEDA has no such kind, or none that this chart has`];
    if (validate(manifest)) return [];
    return [`${manifest.kind} ${manifest.metadata?.name}: ${ajv.errorsText(validate.errors)}`];
  });
  const said = await helm(['validate'], JSON.stringify(foreign));
  return [...problems, ...said.split('\n').filter((line) => line !== '')];
}

/** Helm's library and Kubernetes' models, built where they are not yet. @throws where there is no Java or no Maven */
export async function renderer(): Promise<{ java: string; classPath: string }> {
  const built = await javaModule(join(import.meta.dirname, '..', 'renderer'));
  if ('missing' in built)
    throw new Error(`The chart is rendered by Helm's library in Java; there is no ${built.missing}.`);
  return built;
}

async function helm(words: readonly string[], input = ''): Promise<string> {
  const { java, classPath } = await renderer();
  const child = spawn(java, ['-cp', classPath, 'io.closeloop.helm.Chart', ...words]);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (bytes) => (output[name] += String(bytes)));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(output.stderr.trim());
  return output.stdout;
}
