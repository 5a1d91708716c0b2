import { describe, expect, it } from '@jest/globals';

import { loadConfig } from './configuration.js';
import { endpointOf, pairsOf, samplerOf, TracingConfig } from './tracing.config.js';

const config = (env: Record<string, string>) => loadConfig(TracingConfig, env, 'spec');
const sampler = (name: string, ratio?: string) =>
  samplerOf(config({ OTEL_TRACES_SAMPLER: name, ...(ratio !== undefined && { OTEL_TRACES_SAMPLER_ARG: ratio }) }));

describe('where traces are told', () => {
  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, 'http://127.0.0.1:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/below/' }, 'http://127.0.0.1:4318/below/v1/traces'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://one:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://two:2/x' },
      'http://two:2/x',
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://one:1', OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://one:1', OTEL_SDK_DISABLED: 'true' }, undefined],
  ])('%j: %s', (env, endpoint) => {
    expect(endpointOf(config(env))).toBe(endpoint);
  });

  it.each<[string, string]>([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'no pair'],
  ])('refuses %s=%s at the start', (variable, value) => {
    expect(() => config({ [variable]: value })).toThrow(variable);
  });

  it('reads pairs as OpenTelemetry writes them', () => {
    expect(pairsOf(' a=1, b = x%20y ,c=%zz,d=e=f,')).toEqual([
      ['a', '1'],
      ['b', 'x y'],
      ['c', '%zz'],
      ['d', 'e=f'],
    ]);
  });
});

describe('which traces are told', () => {
  const low = `${'f'.repeat(18)}${'0'.repeat(13)}1`;
  const high = `${'0'.repeat(18)}${'f'.repeat(14)}`;

  it.each<[string, string | undefined, boolean[]]>([
    // begun here: low id, high id; then as the step before has it: sampled, not
    ['always_on', undefined, [true, true, true, true]],
    ['always_off', undefined, [false, false, false, false]],
    ['traceidratio', '0.5', [true, false, false, false]],
    ['parentbased_always_on', undefined, [true, true, true, false]],
    ['parentbased_always_off', undefined, [false, false, true, false]],
    ['parentbased_traceidratio', '0.5', [true, false, true, false]],
    ['parentbased_traceidratio', '0', [false, false, true, false]],
    ['parentbased_traceidratio', '1', [true, true, true, false]],
  ])('%s %s', (name, ratio, expected) => {
    const samples = sampler(name, ratio);
    expect([samples(low, undefined), samples(high, undefined), samples(high, true), samples(high, false)]).toEqual(
      expected,
    );
  });
});
