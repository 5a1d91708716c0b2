import { type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Counter, type Registry } from 'prom-client';

import { loadConfig } from './configuration.js';
import { type Env } from './environment.js';
import { SpanExporter } from './span-exporter.js';
import { type Sampler, type Trace, traceOf } from './trace.js';
import { endpointOf, pairsOf, samplerOf, TracingConfig } from './tracing.config.js';

/** Numbers of OTLP's SpanKind. */
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Attributes as they are sent. What many spans have alike is made once. */
export type EncodedAttributes = string & { readonly encoded: unique symbol };

/** What a step did, told after the fact. Names and attributes never hold what a customer wrote. */
export interface Span {
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  /** Milliseconds since 1970, fractions included */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes?: EncodedAttributes;
  /** Whether it failed */
  readonly failed?: boolean;
}

/** @param own attributes beside those that all have */
export type SpanTeller = (trace: Trace, own?: EncodedAttributes) => void;

/** @returns attributes for {@link Span}; undefined ones are left out */
export function attributesOf(attributes: Attributes): EncodedAttributes {
  const encoded = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [`{"key":${JSON.stringify(key)},"value":${valueOf(value)}}`],
  );
  return encoded.join(',') as EncodedAttributes;
}

/** Attributes that are known to need no escapes, such as ids and numbers. */
export const plainAttribute = (key: string, kind: 'intValue' | 'stringValue', value: string): EncodedAttributes =>
  `{"key":"${key}","value":{"${kind}":"${value}"}}` as EncodedAttributes;

function valueOf(value: AttributeValue): string {
  if (typeof value === 'string') return `{"stringValue":${JSON.stringify(value)}}`;
  if (typeof value === 'boolean') return `{"boolValue":${value}}`;
  return Number.isInteger(value) ? `{"intValue":"${value}"}` : `{"doubleValue":${value}}`;
}

/** Nanoseconds as text: more digits than a number holds. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1000)}000`;

/**
 * Tells a collector of traces what the steps of this service took, when OTEL_EXPORTER_OTLP_ENDPOINT names one; else it does nothing.
 * Spans are written as OTLP's JSON by hand: OpenTelemetry's SDK takes a multiple of it for each, and a feedback has seven.
 */
export class Tracer implements OnApplicationShutdown {
  readonly #exporter: SpanExporter | undefined;
  readonly #sampler: Sampler | undefined;

  constructor(service: string, env: Env, registry?: Registry) {
    const config = loadConfig(TracingConfig, env, service);
    const endpoint = endpointOf(config);
    if (endpoint === undefined) return;
    this.#sampler = samplerOf(config);
    const resource = attributesOf({
      'service.namespace': 'closeloop',
      'service.instance.id': randomUUID(),
      ...Object.fromEntries(pairsOf(config.resource)),
      'service.name': config.serviceName ?? service,
    });
    const exporter = new SpanExporter({
      endpoint,
      headers: Object.fromEntries(pairsOf(config.tracesHeaders ?? config.headers)),
      timeoutMs: config.timeoutMs,
      queueSize: config.queueSize,
      before: `{"resourceSpans":[{"resource":{"attributes":[${resource}]},"scopeSpans":[{"scope":{"name":"closeloop"},"spans":[`,
      after: ']}]}]}',
    });
    this.#exporter = exporter;
    if (registry === undefined) return;
    const spans = new Counter({
      name: 'trace_spans_total',
      help: 'Spans for the collector of traces, by what became of them',
      labelNames: ['result'],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({ result: 'delivered' }, exporter.delivered);
        this.inc({ result: 'dropped' }, exporter.dropped);
      },
    });
    void spans;
  }

  /** Whether spans are collected at all. */
  get on(): boolean {
    return this.#exporter !== undefined;
  }

  /** A new step of the trace that the header names, or the first of a new trace. */
  step(traceparent: string | undefined): Trace {
    return traceOf(traceparent, this.#sampler);
  }

  /** Tells of a step that is over; nothing where its trace is not sampled. */
  tell(trace: Trace, span: Span): void {
    this.teller(span)(trace);
  }

  /** As `tell`, for many steps that are alike but for their traces and a few attributes. */
  teller({ name, kind, startMs, endMs, attributes = '' as EncodedAttributes, failed }: Span): SpanTeller {
    const exporter = this.#exporter;
    if (exporter === undefined) return () => undefined;
    const alike =
      `"name":${JSON.stringify(name)},"kind":${KINDS[kind]},"startTimeUnixNano":"${nanoseconds(startMs)}",` +
      `"endTimeUnixNano":"${nanoseconds(endMs)}","attributes":[${attributes}`;
    const end = `]${failed ? ',"status":{"code":2}' : ''}}`;
    return ({ traceId, spanId, parentSpanId, sampled }, own) => {
      if (!sampled) return;
      const parent = parentSpanId === undefined ? '' : `"parentSpanId":"${parentSpanId}",`;
      const more = own === undefined ? '' : attributes === '' ? own : `,${own}`;
      exporter.add(`{"traceId":"${traceId}","spanId":"${spanId}",${parent}${alike}${more}${end}`);
    };
  }

  /** Delivers what is left; no other hook of a stop makes spans after it. */
  async onApplicationShutdown(): Promise<void> {
    await this.#exporter?.close();
  }
}
