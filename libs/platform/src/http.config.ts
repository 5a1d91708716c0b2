import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

import { FromEnv } from './configuration.js';

/** Where and how patiently a service listens. */
export class HttpConfig {
  @FromEnv('HOST')
  @IsString()
  host: string = '127.0.0.1';

  /** 0 takes a free one; unset takes the service's own, see {@link defaultPortOf}. */
  @FromEnv('{SERVICE}_PORT')
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(65535)
  port?: number;

  /** Seconds that in-flight work has to finish in once the service is told to stop. */
  @FromEnv('SHUTDOWN_GRACE_SECONDS')
  @IsInt()
  @Min(1)
  @Max(3600)
  graceSeconds: number = 20;

  /** Seconds that a new connection, or a request begun on an open one, has for its headers. */
  @FromEnv('HTTP_HEADERS_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  @Max(3600)
  headersTimeoutSeconds: number = 10;

  /** Connections at once; more are closed unheard, so that those who only hold them cost a bounded amount of memory. */
  @FromEnv('HTTP_MAX_CONNECTIONS')
  @IsInt()
  @Min(1)
  maxConnections: number = 10_000;

  /** Seconds for a whole body that is read into memory; streams are bounded by silence only. */
  @FromEnv('HTTP_BODY_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  bodyTimeoutSeconds: number = 60;

  /** Bytes of bodies in memory at once, past which a large one waits before it is read. */
  @FromEnv('HTTP_BODIES_BYTES')
  @IsInt()
  @Min(1024 * 1024)
  bodiesBytes: number = 32 * 1024 * 1024;

  /** Seconds without a byte either way after which a connection is closed. */
  @FromEnv('HTTP_IDLE_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  idleTimeoutSeconds: number = 120;
}

const PORTS: Readonly<Record<string, number>> = {
  console: 4600,
  ingestion: 4601,
  sentiment: 4602,
  routing: 4603,
  loop: 4604,
  learning: 4605,
  rehearsal: 4606,
  insights: 4607,
};

/** The port a service has when its variable does not say; 0 (any free one) for a service that has none. */
export function defaultPortOf(service: string): number {
  return PORTS[service] ?? 0;
}
