import type { JsonSchema } from './json-schema-document.js';

/**
 * Who writes what the schema describes. `offered`: producers elsewhere write, we read: their data must go on being
 * accepted, so nothing may get narrower. `produced`: we write, others read, and events of both ages lie in one topic
 * while two versions of a service run: so nothing may get narrower, and nothing wider that a reader relies on.
 * A new optional property is always allowed.
 */
export type SchemaDirection = 'offered' | 'produced';

type Root = JsonSchema;

const resolve = (schema: JsonSchema, root: Root): JsonSchema => {
  if (!schema.$ref) return schema;
  const name = schema.$ref.split('/').at(-1)!;
  const target = root.$defs?.[name] ?? (name === root.title ? root : undefined);
  if (!target) throw new TypeError(`${schema.$ref} leads nowhere`);
  return target;
};

/** anyOf of an object and null, as optional nested objects are written, told apart. */
const unfold = (schema: JsonSchema, root: Root): { schema: JsonSchema; types: Set<string> | undefined } => {
  const alternatives = schema.anyOf ?? [schema];
  const named = alternatives.map((alternative) => resolve(alternative, root));
  const main = named.find(({ type }) => type !== 'null') ?? {};
  const types = named.flatMap(({ type }) => type ?? []);
  return { schema: main, types: types.length > 0 ? new Set(types) : undefined };
};

const show = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

interface Comparison {
  readonly before: Root;
  readonly after: Root;
  readonly direction: SchemaDirection;
  readonly found: string[];
  readonly seen: Set<string>;
}

const covers = (types: Set<string> | undefined, type: string): boolean =>
  !types || types.has(type) || (type === 'integer' && types.has('number'));

const compareTypes = (
  at: string,
  one: Set<string> | undefined,
  other: Set<string> | undefined,
  to: Comparison,
): void => {
  const gone = [...(one ?? ['any'])].filter((type) => !covers(other, type));
  const come = [...(other ?? ['any'])].filter((type) => !covers(one, type));
  if (gone.length > 0) to.found.push(`${at}: no longer of type ${gone.join(', ')}`);
  if (come.length > 0 && to.direction === 'produced') to.found.push(`${at}: may now be of type ${come.join(', ')}`);
};

const compareEnums = (at: string, one: JsonSchema['enum'], other: JsonSchema['enum'], to: Comparison): void => {
  if (!one && !other) return;
  const gone = other ? (one ?? ['anything']).filter((value) => !other.includes(value)) : [];
  const come = one ? (other ?? ['anything']).filter((value) => !one.includes(value)) : [];
  if (gone.length > 0) to.found.push(`${at}: no longer one of ${gone.map(show).join(', ')}`);
  if (come.length > 0 && to.direction === 'produced') to.found.push(`${at}: may now be ${come.map(show).join(', ')}`);
};

const upperBounds = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
const lowerBounds = ['minimum', 'minLength'] as const;

const compareBounds = (at: string, one: JsonSchema, other: JsonSchema, to: Comparison): void => {
  const compare = (
    name: (typeof upperBounds)[number] | (typeof lowerBounds)[number],
    none: number,
    sign: 1 | -1,
  ): void => {
    const change = sign * ((other[name] ?? none) - (one[name] ?? none));
    if (Number.isNaN(change) || change === 0) return;
    const word = change < 0 ? 'narrower' : 'wider';
    if (change < 0 || to.direction === 'produced')
      to.found.push(`${at}: ${name} is ${word}: ${show(one[name])} → ${show(other[name])}`);
  };
  for (const name of upperBounds) compare(name, Infinity, 1);
  for (const name of lowerBounds) compare(name, -Infinity, -1);
  for (const name of ['pattern', 'format'] as const) {
    // of two patterns nobody can say which is narrower; giving one up only widens
    const breaks = one[name] !== other[name] && (other[name] !== undefined || to.direction === 'produced');
    if (breaks) to.found.push(`${at}: ${name} changed: ${show(one[name])} → ${show(other[name])}`);
  }
};

const compareProperties = (at: string, one: JsonSchema, other: JsonSchema, to: Comparison): void => {
  const [before, after] = [one.properties ?? {}, other.properties ?? {}];
  for (const [name, schema] of Object.entries(before)) {
    const place = `${at}/${name}`;
    const next = after[name];
    if (!next) {
      to.found.push(`${place}: removed`);
      continue;
    }
    compareSchemas(place, schema, next, to);
    const [was, is] = [one.required?.includes(name) ?? false, other.required?.includes(name) ?? false];
    if (!was && is) to.found.push(`${place}: newly required`);
    if (was && !is && to.direction === 'produced') to.found.push(`${place}: no longer always there`);
  }
  for (const name of Object.keys(after)) {
    if (!(name in before) && other.required?.includes(name)) to.found.push(`${at}/${name}: new and required`);
  }
  const closed = (schema: JsonSchema): boolean => schema.additionalProperties === false;
  if (!closed(one) && closed(other)) to.found.push(`${at}: unknown properties are now refused`);
};

function compareSchemas(at: string, one: JsonSchema, other: JsonSchema, to: Comparison): void {
  // a class that nests itself would be compared for ever
  const key = `${show(one.$ref ?? one.anyOf)} ${show(other.$ref ?? other.anyOf)}`;
  if (one.$ref ?? one.anyOf) {
    if (to.seen.has(key)) return;
    to.seen.add(key);
  }
  const [before, after] = [unfold(one, to.before), unfold(other, to.after)];
  compareTypes(at, before.types, after.types, to);
  compareEnums(at, before.schema.enum, after.schema.enum, to);
  compareBounds(at, before.schema, after.schema, to);
  compareProperties(at, before.schema, after.schema, to);
  for (const [name, suffix] of [
    ['items', '/*'],
    ['propertyNames', ' (keys)'],
    ['additionalProperties', '/*'],
  ] as const) {
    const [was, is] = [before.schema[name], after.schema[name]];
    if (typeof was === 'object' || typeof is === 'object')
      compareSchemas(`${at}${suffix}`, typeof was === 'object' ? was : {}, typeof is === 'object' ? is : {}, to);
  }
}

/**
 * What in a schema of the same event would break those who write or read it today; each a line for people, with the
 * place. Empty: the change may go out under the same version.
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema, direction: SchemaDirection): string[] {
  const comparison: Comparison = { before, after, direction, found: [], seen: new Set() };
  compareSchemas('', before, after, comparison);
  return comparison.found;
}
