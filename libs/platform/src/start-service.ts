import { type LoggerService, Logger, Module, type Type } from '@nestjs/common';
import { ModuleRef, NestFactory } from '@nestjs/core';
import { type CustomStrategy, type CustomTransportStrategy } from '@nestjs/microservices';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import 'reflect-metadata';

import { loadConfig } from './configuration.js';
import { type Env, SERVICE_TRANSPORT } from './environment.js';
import { configureHttp, createHttpAdapter, drain } from './http-server.js';
import { defaultPortOf, HttpConfig } from './http.config.js';
import { createLogger } from './logging.js';
import { Metrics } from './metrics.js';
import { PlatformModule } from './platform.module.js';
import { describeError, framesOf } from './problem-mapping.js';
import { Readiness } from './readiness.js';
import { RouteTable } from './route-table.js';
import { Tracer } from './tracer.js';

export interface ServiceOptions {
  /** Default: `process.env`. */
  env?: Env;
  /** Default: by LOG_LEVEL and LOG_FORMAT; false = silent. */
  logger?: LoggerService | false;
}

/** A service that listens and consumes. */
export interface RunningService {
  app: NestFastifyApplication;
  /** Where it listens, for example `http://127.0.0.1:4601`. */
  url: string;
  /** Every route that it answers, as the router has it: `/v1/loops/:loopId`. */
  routes: readonly { method: string; path: string }[];
  /**
   * Stops in order: takes no more connections, finishes the requests in flight, stops the transport, runs the modules' shutdown hooks
   * (background work first, pools last). Calling it again waits for the same stop.
   */
  close(): Promise<void>;
}

/** A service whose modules are made but that takes nothing in yet. */
interface PreparedService {
  open(): Promise<RunningService>;
  close(farewellSeconds: number): Promise<void>;
}

/** Ctrl-C reaches a whole process group, and its leader passes a signal on as well: two signals this close are one wish. */
const SAME_WISH_MS = 1_000;
/** How long open connections that nobody uses are kept when a process is told to stop. Whoever closes a service otherwise knows its callers. */
const FAREWELL_SECONDS = 2;

/**
 * Boots the module as a service: HTTP on HOST and `<SERVICE>_PORT` (0 = a free one), events through SERVICE_TRANSPORT where a module
 * provides it.
 * @throws what kept it from starting: a configuration, a database, a port.
 */
export async function createService(name: string, module: Type, options: ServiceOptions = {}): Promise<RunningService> {
  const service = await prepareService(name, module, options);
  return service.open();
}

/**
 * Runs a service as the process: SIGTERM and SIGINT stop it gracefully, exit code 0. A second signal, an exceeded grace period, a
 * failed start or an error that nobody caught: exit code 1.
 */
export async function startService(name: string, module: Type, options: ServiceOptions = {}): Promise<void> {
  const logger = new Logger('Service');
  let service: PreparedService | undefined;
  let graceSeconds = new HttpConfig().graceSeconds;
  let stoppedAt: number | undefined;

  const crash = (what: string) => (error: unknown) => {
    logger.fatal(`${what}: ${describeError(error)}`, framesOf(error));
    process.exit(1);
  };
  process.on('uncaughtException', crash('An error that nobody caught'));
  process.on('unhandledRejection', crash('A promise that nobody awaited failed'));

  const stop = (signal: NodeJS.Signals): void => {
    if (stoppedAt !== undefined) {
      if (Date.now() - stoppedAt < SAME_WISH_MS) return;
      logger.error(`${signal} again: stopped at once.`);
      process.exit(1);
    }
    stoppedAt = Date.now();
    // Nothing was taken in yet, so there is nothing to finish.
    if (service === undefined) return process.exit(0);
    logger.log(`${signal}: finishing what is in flight, for at most ${graceSeconds} s.`);
    setTimeout(() => {
      logger.error(`Not finished after ${graceSeconds} s: stopped.`);
      process.exit(1);
    }, graceSeconds * 1000).unref();
    service.close(FAREWELL_SECONDS).then(
      () => {
        logger.log('Stopped.');
        process.exit(0);
      },
      (error: unknown) => crash('The stop failed')(error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  try {
    const prepared = await prepareService(name, module, options);
    graceSeconds = prepared.graceSeconds;
    service = prepared;
    const running = await prepared.open();
    logger.log(`${name} listens on ${running.url}`);
  } catch (error) {
    if (stoppedAt !== undefined) return;
    // A start that fails is mostly a wrong configuration: the message is what helps, the stack is not.
    logger.fatal(`${name} could not start: ${error instanceof Error ? error.message : String(error)}`);
    logger.debug(error instanceof Error ? error.stack : undefined);
    await service?.close(0).catch(() => undefined);
    process.exit(1);
  }
}

async function prepareService(
  name: string,
  module: Type,
  options: ServiceOptions,
): Promise<PreparedService & { graceSeconds: number }> {
  const env = options.env ?? process.env;
  class ServiceRoot {}
  Module({ imports: [PlatformModule.forService(name, env), module] })(ServiceRoot);

  const adapter = createHttpAdapter(loadConfig(HttpConfig, env, name));
  const app = await NestFactory.create<NestFastifyApplication>(ServiceRoot, adapter, {
    logger: options.logger ?? createLogger(name, env),
    abortOnError: false,
    bodyParser: false,
  });
  const config = app.get(HttpConfig);
  const readiness = app.get(Readiness);
  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  readiness.register('service', () => (phase === 'running' ? undefined : `the service is ${phase}`));
  configureHttp(app, {
    config,
    metrics: app.get(Metrics),
    tracer: app.get(Tracer),
    routes: app.get(RouteTable),
  });

  const strategy = transportOf(app);
  if (strategy !== undefined) app.connectMicroservice<CustomStrategy>({ strategy });

  let closing: Promise<void> | undefined;
  const close = (farewellSeconds: number): Promise<void> => {
    closing ??= (async () => {
      phase = 'stopping';
      // What is left of the grace period belongs to the transport and the pools.
      const drainSeconds = Math.max(config.graceSeconds / 2, config.graceSeconds - 5);
      await drain(app, drainSeconds, Math.min(farewellSeconds, drainSeconds / 2));
      // Taken out so that `app.close()` does not close them again, after the modules' hooks.
      for (const microservice of app.getMicroservices().splice(0)) {
        (microservice as unknown as { setIsTerminated(value: boolean): void }).setIsTerminated(true);
        await microservice.close();
      }
      await app.close();
    })();
    return closing;
  };

  const open = async (): Promise<RunningService> => {
    try {
      await app.init();
      await app.listen({ host: config.host, port: config.port ?? defaultPortOf(name) });
      // HTTP first: a broker that is away must not keep the service from saying that it is alive and not ready.
      await app.startAllMicroservices();
      if (phase === 'starting') phase = 'running';
      return { app, url: await app.getUrl(), routes: app.get(RouteTable).all(), close: () => close(0) };
    } catch (error) {
      await close(0).catch(() => undefined);
      throw error;
    }
  };
  return { open, close, graceSeconds: config.graceSeconds };
}

function transportOf(app: NestFastifyApplication): CustomTransportStrategy | undefined {
  try {
    // Not `app.get`: it logs an error where there is none to be found.
    return app.get(ModuleRef).get<CustomTransportStrategy>(SERVICE_TRANSPORT, { strict: false });
  } catch {
    return undefined;
  }
}
