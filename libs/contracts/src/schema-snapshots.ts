import { asyncApiDocument } from './asyncapi.js';
import { breakingChanges } from './compatibility.js';
import type { EventDeclaration } from './event-declaration.js';
import { jsonSchemaOf } from './json-schema.js';
import type { JsonSchema } from './json-schema-document.js';
import { directionOf, events } from './pipeline.js';

/** Text of each snapshot by file name. */
export type Snapshots = Readonly<Record<string, string>>;

const asyncApiFile = 'asyncapi.json';
const fileOf = (topic: string): string => `${topic}.json`;
const textOf = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/** The published JSON Schema of an event. */
const eventSchema = (event: EventDeclaration): JsonSchema => ({
  ...jsonSchemaOf(event.data, {
    id: `urn:closeloop:${event.topic}`,
    unknownProperties: directionOf(event) === 'offered' ? 'refuse' : 'ignore',
  }),
  description: event.description,
});

/** What the declarations say now: a JSON Schema an event, and the AsyncAPI document. */
export const currentSnapshots = (declared: readonly EventDeclaration[] = events): Snapshots => ({
  ...Object.fromEntries(declared.map((event) => [fileOf(event.topic), textOf(eventSchema(event))])),
  [asyncApiFile]: textOf(asyncApiDocument()),
});

/** What the declarations break of the committed snapshots, a line each. */
export function breakagesOf(committed: Snapshots, declared: readonly EventDeclaration[] = events): string[] {
  const removed = Object.keys(committed).filter(
    (file) => file !== asyncApiFile && !declared.some(({ topic }) => fileOf(topic) === file),
  );
  return [
    ...removed.map((file) => `${file}: no event is declared for it any more`),
    ...declared.flatMap((event) => {
      const before = committed[fileOf(event.topic)];
      if (before === undefined) return [];
      return breakingChanges(JSON.parse(before) as JsonSchema, eventSchema(event), directionOf(event)).map(
        (change) => `${event.topic}${change}`,
      );
    }),
  ];
}

/** Files whose committed text is not what the declarations say now. */
export const staleFiles = (committed: Snapshots, current: Snapshots): string[] =>
  [...new Set([...Object.keys(committed), ...Object.keys(current)])].filter(
    (file) => committed[file] !== current[file],
  );
