import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import { Metrics } from './metrics.js';
import { attributesOf, Tracer } from './tracer.js';

Logger.overrideLogger(false);

const now = Date.now();
const step = { name: 'a "step"', kind: 'internal', startMs: now, endMs: now + 1.5 } as const;

describe('a tracer', () => {
  const servers: Server[] = [];
  const tracers: Tracer[] = [];
  const metrics: Metrics[] = [];
  const bodies: string[] = [];
  let status = 200;
  afterEach(async () => {
    for (const tracer of tracers.splice(0)) await tracer.onApplicationShutdown();
    for (const registry of metrics.splice(0)) registry.onApplicationShutdown();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    bodies.length = 0;
    status = 200;
  });

  const listen = async (port = 0): Promise<number> => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(status).end();
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const start = (port: number, env: Record<string, string> = {}) => {
    const registry = new Metrics('spec');
    metrics.push(registry);
    const tracer = new Tracer('spec', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...env }, registry);
    tracers.push(tracer);
    const counted = async () => {
      const text = await registry.getSingleMetricAsString('trace_spans_total');
      return Object.fromEntries([...text.matchAll(/result="(\w+)"[^}]*\} (\d+)/g)].map(([, k, v]) => [k, Number(v)]));
    };
    return { tracer, counted };
  };
  const until = async (done: () => boolean | Promise<boolean>) => {
    for (const end = Date.now() + 20_000; !(await done());) {
      if (Date.now() > end) throw new Error('not in time');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('does nothing where no collector is named', () => {
    const tracer = new Tracer('spec', {});
    tracers.push(tracer);
    expect(tracer.on).toBe(false);
    tracer.tell(tracer.step(undefined), step);
  });

  it('delivers a span as OTLP has it, at a stop at the latest', async () => {
    const { tracer } = start(await listen(), { OTEL_RESOURCE_ATTRIBUTES: 'region=eu' });
    const trace = tracer.step('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    tracer.tell(trace, { ...step, attributes: attributesOf({ a: 'ä"', b: 3, c: 0.5, d: true, e: undefined }) });
    await tracer.onApplicationShutdown();
    expect(JSON.parse(bodies[0]!)).toMatchObject({
      resourceSpans: [
        {
          resource: {
            attributes: expect.arrayContaining([
              { key: 'service.name', value: { stringValue: 'spec' } },
              { key: 'region', value: { stringValue: 'eu' } },
            ]),
          },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: '0af7651916cd43dd8448eb211c80319c',
                  spanId: trace.spanId,
                  parentSpanId: 'b7ad6b7169203331',
                  name: 'a "step"',
                  kind: 1,
                  startTimeUnixNano: `${now}000000`,
                  endTimeUnixNano: `${now + 1}500000`,
                  attributes: [
                    { key: 'a', value: { stringValue: 'ä"' } },
                    { key: 'b', value: { intValue: '3' } },
                    { key: 'c', value: { doubleValue: 0.5 } },
                    { key: 'd', value: { boolValue: true } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('keeps a bounded number while the collector is away, and delivers them when it is back', async () => {
    const port = await listen();
    servers[0]!.close();
    const { tracer, counted } = start(port, { OTEL_BSP_MAX_QUEUE_SIZE: '50' });
    for (let at = 0; at < 70; at++) tracer.tell(tracer.step(undefined), step);
    expect(await counted()).toEqual({ delivered: 0, dropped: 20 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await listen(port);
    await until(async () => (await counted())['delivered'] === 50);
    expect(await counted()).toEqual({ delivered: 50, dropped: 20 });
    expect(bodies.join().match(/"spanId"/g)).toHaveLength(50);
  });

  it('tries again what a busy collector sends back, and lets go of what one refuses', async () => {
    const { tracer, counted } = start(await listen());
    status = 503;
    tracer.tell(tracer.step(undefined), step);
    await until(() => bodies.length === 1);
    status = 400;
    await until(async () => (await counted())['dropped'] === 1);
    status = 200;
    tracer.tell(tracer.step(undefined), step);
    await until(async () => (await counted())['delivered'] === 1);
    expect(bodies).toHaveLength(3);
  });
});
