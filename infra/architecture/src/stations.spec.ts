import { describe, expect, it } from '@jest/globals';
import * as contracts from '@closeloop/contracts';
import { deadLetterTopic, events, pipeline, type Station } from '@closeloop/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the services' sources, and holds what they consume and produce against pipeline.ts, both ways. */
const services = join(import.meta.dirname, '..', '..', '..', 'services');

const declarations = new Map(
  Object.entries<unknown>(contracts).flatMap(([name, value]) => {
    const event = events.find((each) => each === value);
    return event ? [[name, event] as const] : [];
  }),
);

const topicOf = (name: string): string => declarations.get(name)?.topic ?? `an unknown event, ${name}`;

/** Topics that a service's source has handlers of, and topics of the events that it makes. */
const arrowsIn = (source: string): { consumes: string[]; produces: string[] } => {
  const handlers = [...source.matchAll(/@EventPattern(?:<[^(]*>)?\(\s*([^)]*\)?)\s*\)/g)].map(
    ([, pattern]) => pattern!,
  );
  const made = [...source.matchAll(/\bevent: (\w+)\s*[,}]/g)].map(([, name]) => name!);
  return {
    consumes: handlers.map((pattern) => {
      const dead = /^deadLetterTopic\((\w+)\.topic\)?$/.exec(pattern);
      if (dead) return deadLetterTopic(topicOf(dead[1]!));
      const plain = /^(\w+)\.topic$/.exec(pattern);
      return plain ? topicOf(plain[1]!) : `a pattern that names no declared event, ${pattern}`;
    }),
    produces: made.filter((name) => declarations.has(name)).map(topicOf),
  };
};

const folders = readdirSync(services, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(join(services, entry.name)).includes('package.json'))
  .map(({ name }) => name);

const sourceOf = (folder: string): string =>
  readdirSync(join(services, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(file))
    .map((file) => readFileSync(join(services, folder, 'src', file), 'utf8'))
    .join('\n');

/** The services whose source a folder is: `main.ts` is its own, `<service>.main.ts` that of another one. */
const servicesIn = (folder: string): string[] =>
  readdirSync(join(services, folder, 'src'))
    .map((file) => /^(?:([^.]+)\.)?main\.ts$/.exec(file))
    .filter((found) => found !== null)
    .map(([, guest]) => guest ?? folder);

const sorted = (topics: readonly string[]): string[] => [...new Set(topics)].sort();

const stationTopics = (stations: readonly Station[]): { consumes: string[]; produces: string[] } => ({
  consumes: sorted([
    ...stations.flatMap(({ consumes }) => consumes.map(({ topic }) => topic)),
    ...stations.flatMap(({ consumesDeadLettersOf }) =>
      consumesDeadLettersOf.map(({ topic }) => deadLetterTopic(topic)),
    ),
  ]),
  produces: sorted(stations.flatMap(({ produces }) => produces.map(({ topic }) => topic))),
});

describe('each service', () => {
  it('has a station in pipeline.ts, and each station a service', () => {
    // the console is no part of the pipeline: it speaks HTTP with the services, and no events
    expect(folders.flatMap(servicesIn).sort()).toEqual([...Object.keys(pipeline), 'console'].sort());
  });

  // Which of a folder's services has a handler, the source does not say; one that has not its own refuses to start.
  it.each(folders)('in %s consumes and produces what pipeline.ts says, and nothing else', (folder) => {
    const stations = Object.entries<Station>(pipeline).flatMap(([name, station]) =>
      servicesIn(folder).includes(name) ? [station] : [],
    );
    const { consumes, produces } = arrowsIn(sourceOf(folder));
    expect({ consumes: sorted(consumes), produces: sorted(produces) }).toEqual(stationTopics(stations));
  });
});

describe('the reading of sources', () => {
  it('sees handlers, those of dead letters, and events that are made', () => {
    const source = `
      @EventPattern(feedbackRouted.topic) one() {}
      @EventPattern<string>(deadLetterTopic(feedbackTagged.topic)) two() {}
      return ok({ event: loopChanged, id, subject, data });
      const row = { event: feedbackReceived };`;
    expect(arrowsIn(source)).toEqual({
      consumes: ['feedback.routed.v1', 'feedback.tagged.v1.dead-letter'],
      produces: ['loop.changed.v1', 'feedback.received.v1'],
    });
  });

  it('lets no handler pass that it does not understand', () => {
    expect(arrowsIn(`@EventPattern('feedback.routed.v1')`).consumes).toEqual([
      `a pattern that names no declared event, 'feedback.routed.v1'`,
    ]);
    expect(arrowsIn('@EventPattern(feedbackForgotten.topic)').consumes).toEqual([
      'an unknown event, feedbackForgotten',
    ]);
  });
});
