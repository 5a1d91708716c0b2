import { describe, expect, it, jest } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { asyncApiDocument } from './asyncapi.js';
import { eventFamilies, pipeline, topics, type Station } from './pipeline.js';

// the parser is slow to load
jest.setTimeout(60_000);

describe('asyncApiDocument', () => {
  it('is valid AsyncAPI 3', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
    // severity 0: error, 1: warning
    expect(
      diagnostics.filter(({ severity }) => Number(severity) <= 1).map(({ message, path }) => [message, path]),
    ).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    expect(
      document
        ?.channels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual([...topics, ...eventFamilies.map(({ address }) => address)]);
    const payload = document?.channels().get('feedback.inbound.v1')?.messages().all()[0]?.payload();
    expect(payload?.properties()?.rating?.anyOf()?.[0]?.properties()).toHaveProperty('scale');
  });

  it('has an operation for each arrow of the pipeline, under the service that it starts or ends at', () => {
    const operations = Object.keys(asyncApiDocument().operations);
    const stations: Record<string, Station> = pipeline;
    const expected = Object.entries(stations).flatMap(([service, station]) => [
      ...station.consumes.map(({ topic }) => `${service}.receive.${topic}`),
      ...station.consumes.map(({ topic }) => `${service}.send.${topic}.dead-letter`),
      ...station.consumesDeadLettersOf.map(({ topic }) => `${service}.receive.${topic}.dead-letter`),
      ...station.produces.map(({ topic }) => `${service}.send.${topic}`),
      ...station.producesFamilies.map(({ name }) => `${service}.send.${name}`),
    ]);
    expect(operations.sort()).toEqual(expected.sort());
  });
});
