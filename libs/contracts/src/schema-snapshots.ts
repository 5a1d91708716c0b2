import { asyncApiDocument } from './asyncapi.js';
import { breakingChanges, type SchemaDirection } from './compatibility.js';
import type { DataClass, EventDeclaration } from './event-declaration.js';
import { jsonSchemaOf } from './json-schema.js';
import type { JsonSchema } from './json-schema-document.js';
import { directionOf, eventFamilies, events } from './pipeline.js';

/** Text of each snapshot by file name. */
export type Snapshots = Readonly<Record<string, string>>;

const asyncApiFile = 'asyncapi.json';
const fileOf = (topic: string): string => `${topic}.json`;
const textOf = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

interface Published {
  readonly name: string;
  readonly description: string;
  readonly data: DataClass<object>;
  readonly direction: SchemaDirection;
}

const published = (declared: readonly EventDeclaration[]): Published[] => [
  ...declared.map((event) => ({
    name: event.topic,
    description: event.description,
    data: event.data,
    direction: directionOf(event),
  })),
  ...eventFamilies.map(({ name, description, data }) => ({ name, description, data, direction: 'produced' as const })),
];

/** The published JSON Schema of an event. */
const eventSchema = ({ name, description, data, direction }: Published): JsonSchema => ({
  ...jsonSchemaOf(data, {
    id: `urn:closeloop:${name}`,
    unknownProperties: direction === 'offered' ? 'refuse' : 'ignore',
  }),
  description,
});

/** What the declarations say now: a JSON Schema an event, and the AsyncAPI document. */
export const currentSnapshots = (declared: readonly EventDeclaration[] = events): Snapshots => ({
  ...Object.fromEntries(published(declared).map((event) => [fileOf(event.name), textOf(eventSchema(event))])),
  [asyncApiFile]: textOf(asyncApiDocument()),
});

/** What the declarations break of the committed snapshots, a line each. */
export function breakagesOf(committed: Snapshots, declared: readonly EventDeclaration[] = events): string[] {
  const now = published(declared);
  const removed = Object.keys(committed).filter(
    (file) => file !== asyncApiFile && !now.some(({ name }) => fileOf(name) === file),
  );
  return [
    ...removed.map((file) => `${file}: no event is declared for it any more`),
    ...now.flatMap((event) => {
      const before = committed[fileOf(event.name)];
      if (before === undefined) return [];
      return breakingChanges(JSON.parse(before) as JsonSchema, eventSchema(event), event.direction).map(
        (change) => `${event.name}${change}`,
      );
    }),
  ];
}

/** Files whose committed text is not what the declarations say now. */
export const staleFiles = (committed: Snapshots, current: Snapshots): string[] =>
  [...new Set([...Object.keys(committed), ...Object.keys(current)])].filter(
    (file) => committed[file] !== current[file],
  );
