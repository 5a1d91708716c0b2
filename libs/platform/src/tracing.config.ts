import { IsBoolean, IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min } from 'class-validator';

import { FromEnv } from './configuration.js';
import { type Sampler } from './trace.js';

const WEB_ADDRESS = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };
const PAIRS = /^\s*([^=,\s]+=[^,]*\s*(,|$)\s*)*$/;
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`]);

/** Who is told of traces, in OpenTelemetry's own variables. Nobody unless an endpoint is given. */
export class TracingConfig {
  /** A collector; traces go to `/v1/traces` below it. */
  @FromEnv('OTEL_EXPORTER_OTLP_ENDPOINT')
  @IsOptional()
  @IsUrl(WEB_ADDRESS)
  endpoint?: string;

  /** As it is, instead of the above. */
  @FromEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  @IsOptional()
  @IsUrl(WEB_ADDRESS)
  tracesEndpoint?: string;

  /** JSON over HTTP is what is sent; who takes OTLP over HTTP takes both forms at one place. gRPC is not spoken. */
  @FromEnv('OTEL_EXPORTER_OTLP_PROTOCOL')
  @IsIn(['http/json', 'http/protobuf'])
  protocol: string = 'http/json';

  /** `name=value`, comma separated, percent-encoded */
  @FromEnv('OTEL_EXPORTER_OTLP_HEADERS')
  @Matches(PAIRS)
  headers: string = '';

  @FromEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS')
  @IsOptional()
  @Matches(PAIRS)
  tracesHeaders?: string;

  /** Milliseconds for one delivery */
  @FromEnv('OTEL_EXPORTER_OTLP_TIMEOUT')
  @IsInt()
  @Min(1)
  timeoutMs: number = 10_000;

  @FromEnv('OTEL_TRACES_EXPORTER')
  @IsIn(['otlp', 'none'])
  exporter: string = 'otlp';

  @FromEnv('OTEL_SDK_DISABLED')
  @IsBoolean()
  disabled: boolean = false;

  @FromEnv('OTEL_TRACES_SAMPLER')
  @IsIn(SAMPLERS)
  sampler: string = 'parentbased_always_on';

  /** 0 to 1, for the samplers by ratio */
  @FromEnv('OTEL_TRACES_SAMPLER_ARG')
  @Min(0)
  @Max(1)
  ratio: number = 1;

  /** Spans that wait to be delivered, at most; what is more is dropped and counted. */
  @FromEnv('OTEL_BSP_MAX_QUEUE_SIZE')
  @IsInt()
  @Min(1)
  queueSize: number = 20_000;

  /** Default: the service's own name. */
  @FromEnv('OTEL_SERVICE_NAME')
  @IsOptional()
  @IsString()
  serviceName?: string;

  /** `name=value`, comma separated, percent-encoded */
  @FromEnv('OTEL_RESOURCE_ATTRIBUTES')
  @Matches(PAIRS)
  resource: string = '';
}

/** Where spans are sent; undefined when traces are off. */
export function endpointOf({ disabled, exporter, endpoint, tracesEndpoint }: TracingConfig): string | undefined {
  if (disabled || exporter === 'none') return undefined;
  if (tracesEndpoint !== undefined) return tracesEndpoint;
  return endpoint === undefined ? undefined : `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}

/** `name=value` pairs, percent-decoded where they are well-formed. */
export function pairsOf(list: string): [name: string, value: string][] {
  return list
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return [decoded(pair.slice(0, at).trim()), decoded(pair.slice(at + 1).trim())];
    });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What OTEL_TRACES_SAMPLER means. By ratio, the same trace is told of everywhere or nowhere: its id decides. */
export function samplerOf({ sampler, ratio }: TracingConfig): Sampler {
  const root: (traceId: string) => boolean = sampler.endsWith('always_on')
    ? () => true
    : sampler.endsWith('always_off')
      ? () => false
      : (traceId) => Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
  return sampler.startsWith('parentbased_') ? (traceId, parent) => parent ?? root(traceId) : (traceId) => root(traceId);
}
