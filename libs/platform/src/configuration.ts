import { type Provider } from '@nestjs/common';
import { validateSync } from 'class-validator';
import { readFileSync } from 'node:fs';
import 'reflect-metadata';

import { ENVIRONMENT, type Env, SERVICE_NAME, variablePrefixOf } from './environment.js';

const VARIABLES = Symbol('closeloop:variables');

/**
 * Reads the property from the environment variable. Numbers and booleans are converted by the property's declared type, arrays are
 * split at commas; an empty value counts as not set, and the property's initial value stands. `<VARIABLE>_FILE` names a file that
 * holds the value instead (for secrets). `{SERVICE}` in the name becomes the service's name in capitals.
 */
export function FromEnv(variable: string): PropertyDecorator {
  return (prototype, property) => {
    const inherited = Reflect.getMetadata(VARIABLES, prototype) as ReadonlyMap<string, string> | undefined;
    Reflect.defineMetadata(VARIABLES, new Map(inherited).set(String(property), variable), prototype);
  };
}

/**
 * An instance of the config class filled from `env` and checked with its class-validator decorators.
 * @throws Error that lists every wrong variable with the rule it breaks, never a value.
 */
export function loadConfig<T extends object>(configClass: new () => T, env: Env, service = ''): T {
  const config = new configClass();
  const prototype = configClass.prototype as object;
  const variables =
    (Reflect.getMetadata(VARIABLES, prototype) as ReadonlyMap<string, string> | undefined) ?? new Map<string, string>();
  const wrong: string[] = [];
  const named = new Map<string, { variable: string; given: boolean }>();

  for (const [property, template] of variables) {
    const variable = template.replace('{SERVICE}', variablePrefixOf(service));
    const read = readVariable(env, variable);
    if (read.problem !== undefined) wrong.push(read.problem);
    named.set(property, { variable, given: read.text !== undefined || read.problem !== undefined });
    if (read.text === undefined) continue;
    const initial = (config as Record<string, unknown>)[property];
    // `retries = 3` has no written type, so the compiler notes `Object`: the initial value tells it.
    const type: unknown = initial?.constructor ?? Reflect.getMetadata('design:type', prototype, property);
    (config as Record<string, unknown>)[property] = convert(read.text, type);
  }

  for (const error of validateSync(config, { forbidUnknownValues: false })) {
    const { variable, given } = named.get(error.property) ?? { variable: error.property, given: true };
    for (const [rule, message] of Object.entries(error.constraints ?? { nested: 'is not valid' })) {
      const told = message.startsWith(`${error.property} `) ? message.slice(error.property.length + 1) : message;
      wrong.push(`${variable}: ${given ? '' : 'is not set, '}${told} (${rule})`);
    }
  }
  if (wrong.length > 0) {
    throw new Error(`The configuration is wrong:\n${wrong.map((line) => `  - ${line}`).join('\n')}`);
  }
  return config;
}

/** Provides the config class, loaded from {@link ENVIRONMENT} when the service starts. */
export function configProvider<T extends object>(configClass: new () => T): Provider<T> {
  return {
    provide: configClass,
    inject: [ENVIRONMENT, SERVICE_NAME],
    useFactory: (env: Env, service: string) => loadConfig(configClass, env, service),
  };
}

/**
 * One variable, or what the file named by `<variable>_FILE` holds without its final line break.
 * @throws Error when both are given or the file cannot be read.
 */
export function variableOf(env: Env, variable: string): string | undefined {
  const { text, problem } = readVariable(env, variable);
  if (problem !== undefined) throw new Error(`The configuration is wrong:\n  - ${problem}`);
  return text;
}

function readVariable(env: Env, variable: string): { text?: string; problem?: string } {
  const direct = env[variable] || undefined;
  const file = env[`${variable}_FILE`] || undefined;
  if (file === undefined) return { text: direct };
  if (direct !== undefined)
    return { problem: `${variable}: ${variable} and ${variable}_FILE are both set (one of them)` };
  try {
    return { text: readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined };
  } catch (error) {
    return {
      problem: `${variable}_FILE: cannot be read, ${(error as NodeJS.ErrnoException).code ?? 'unknown'} (file)`,
    };
  }
}

/** Text that does not convert stays text, so that the property's own rule (`isInt`, `isBoolean`) refuses it. */
function convert(text: string, type: unknown): unknown {
  if (type === Number) return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : text;
  if (type === Boolean) {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    return /^(false|0|no|off)$/i.test(text) ? false : text;
  }
  if (type === Array) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  return text;
}
