import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { IsIn, IsOptional } from 'class-validator';

import { FromEnv, loadConfig } from './configuration.js';
import { type Env } from './environment.js';
import { currentTrace } from './trace.js';

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

const NEST_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
]);

class LoggingConfig {
  @FromEnv('LOG_LEVEL')
  @IsIn([...LEVELS, 'info'])
  level: string = 'log';

  @FromEnv('LOG_FORMAT')
  @IsOptional()
  @IsIn(['json', 'text'])
  format?: string;
}

/** One JSON object a line unless a person is looking on (a terminal, or `LOG_FORMAT=text`). Texts and names of customers are never logged. */
class ServiceLogger extends ConsoleLogger {
  constructor(
    private readonly service: string,
    options: { levels: LogLevel[]; json: boolean },
  ) {
    super({
      prefix: service,
      logLevels: options.levels,
      json: options.json,
      // What a line is about, `{ feedbackId, loopId, traceId }` as the last argument, stands beside its message.
      flattenParams: true,
      colors: !options.json && process.stdout.isTTY,
    });
  }

  /** Nest tells of every module and route it makes; that is for those who look into a start. */
  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && NEST_CONTEXTS.has(context)) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  /** What the container could not make is thrown as well, and told by whoever catches it. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === 'ExceptionHandler') super.debug(message, ...rest);
    else super.error(message, ...rest);
  }

  protected override getJsonLogObject(...args: Parameters<ConsoleLogger['getJsonLogObject']>) {
    const { timestamp, ...entry } = super.getJsonLogObject(...args);
    const trace = currentTrace();
    return {
      ...entry,
      service: this.service,
      timestamp,
      time: new Date(timestamp).toISOString(),
      ...(trace === undefined ? {} : { traceId: trace.traceId }),
    };
  }
}

/** The service's logger, by LOG_LEVEL and LOG_FORMAT. */
export function createLogger(service: string, env: Env): ConsoleLogger {
  const config = loadConfig(LoggingConfig, env, service);
  const level = config.level === 'info' ? 'log' : config.level;
  const levels = LEVELS.slice(0, LEVELS.findIndex((known) => known === level) + 1);
  const json = config.format === undefined ? !process.stdout.isTTY : config.format === 'json';
  return new ServiceLogger(service, { levels, json });
}
