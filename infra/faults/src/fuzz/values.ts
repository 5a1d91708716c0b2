import fc from 'fast-check';
import { type Random } from '../random.js';

/** As much of JSON Schema as the services' documents use. */
export interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Values that have broken other people's programs. */
const notorious: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  1.5,
  -0,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  true,
  [],
  {},
  [[]],
  [null],
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfffy',
  '\u202e',
  '\ufeff',
  '\u2028',
  "';drop table feedback;--",
  '${7*7}',
  '../../../etc/passwd',
  '%00',
  '%s%n',
  '0x10',
  'NaN',
  'Infinity',
  'true',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  '👨‍👩‍👧‍👦'.repeat(300),
  'é'.normalize('NFD').repeat(200),
  'a'.repeat(70_000),
  '2026-02-30T00:00:00Z',
  '2026-06-30T23:59:60Z',
  '9999-12-31T23:59:59.999999999Z',
  '0000-01-01T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '2026-01-01T00:00:00+99:99',
  { toString: 'x', valueOf: 1, constructor: { prototype: {} }, hasOwnProperty: 0 },
  { length: 1e9 },
  { then: 'x' },
];

/** Whatever fits into JSON, of a seed: fast-check's strings, numbers and trees. */
function* anything(seed: number): Generator<unknown> {
  const arbitrary = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(Number) },
  );
  for (let round = 0; ; round++) yield* fc.sample(arbitrary, { seed: seed + round, numRuns: 200 });
}

/** Values as a schema wants them, and not quite. */
export class Values {
  readonly #anything: Generator<unknown>;

  constructor(private readonly random: Random) {
    this.#anything = anything(random.int(0, 0x7fffffff));
  }

  /** One that has nothing to do with any schema */
  junk(): unknown {
    return this.random.chance(0.5) ? this.random.pick(notorious) : this.#anything.next().value;
  }

  /** One that mostly holds to the schema; `definitions` resolves its references. */
  of(schema: Schema | undefined, definitions: (ref: string) => Schema | undefined, depth = 0): unknown {
    if (schema === undefined || depth > 12) return this.junk();
    if (schema.$ref !== undefined) return this.of(definitions(schema.$ref), definitions, depth + 1);
    if ('const' in schema) return schema.const;
    if (schema.enum !== undefined && schema.enum.length > 0) return this.random.pick(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (choices !== undefined && choices.length > 0) return this.of(this.random.pick(choices), definitions, depth + 1);
    const type = typeof schema.type === 'string' ? schema.type : schema.type && this.random.pick(schema.type);
    switch (type ?? (schema.properties ? 'object' : undefined)) {
      case 'object': {
        const required = new Set(schema.required);
        const object: Record<string, unknown> = {};
        for (const [name, property] of Object.entries(schema.properties ?? {})) {
          if (required.has(name) || this.random.chance(0.4)) object[name] = this.of(property, definitions, depth + 1);
        }
        return object;
      }
      case 'array':
        return Array.from({ length: this.random.int(0, 3) }, () => this.of(schema.items, definitions, depth + 1));
      case 'integer':
      case 'number':
        return this.random.int(Math.max(schema.minimum ?? 0, -1e6), Math.min(schema.maximum ?? 100, 1e6));
      case 'boolean':
        return this.random.chance(0.5);
      case 'null':
        return null;
      case 'string':
        return this.#text(schema);
      default:
        return this.junk();
    }
  }

  #text({ format, pattern, minLength = 1, maxLength = 100 }: Schema): string {
    if (format === 'uuid') return this.uuid();
    if (format === 'date-time') return new Date(this.random.int(0, 2_000_000) * 1e6).toISOString();
    if (pattern?.includes('0-9a-f]{64}')) return this.#hex(64);
    if (pattern !== undefined) return this.random.pick(['support', 'a', 'shop-1', 'x'.repeat(20), '2026-W10', 'en']);
    return `t${this.#hex(this.random.int(minLength, Math.min(maxLength, 40)))}`.slice(0, maxLength);
  }

  #hex(length: number): string {
    return Array.from({ length }, () => this.random.int(0, 15).toString(16)).join('');
  }

  uuid(): string {
    return `${this.#hex(8)}-${this.#hex(4)}-5${this.#hex(3)}-a${this.#hex(3)}-${this.#hex(12)}`;
  }

  /** The value with one place of it replaced, left out, doubled or added. */
  mutated(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.random.chance(0.15)) return this.junk();
    if (Array.isArray(value)) {
      const items: unknown[] = [...(value as unknown[])];
      if (items.length === 0) return [this.junk()];
      const at = this.random.int(0, items.length - 1);
      const action = this.random.int(0, 3);
      if (action === 0) items.splice(at, 1);
      else if (action === 1) items.push(items[at]);
      else items[at] = this.mutated(items[at]);
      return items;
    }
    const entries = Object.entries(value as Record<string, unknown>);
    const action = this.random.int(0, 4);
    if (entries.length === 0 || action === 0) {
      return { ...value, [this.random.pick(['x', '', '__proto__', 'constructor', 'a.b', '\u0000', 'ä'])]: this.junk() };
    }
    const [name, member] = this.random.pick(entries);
    if (action === 1) return Object.fromEntries(entries.filter(([other]) => other !== name));
    return { ...value, [name]: this.mutated(member) };
  }

  /** JSON text of the value, now and then with what no serialiser writes. */
  text(value: unknown): string {
    const text = JSON.stringify(value) ?? 'null';
    if (!this.random.chance(0.15)) return text;
    const at = this.random.int(0, text.length);
    const put = (what: string) => text.slice(0, at) + what + text.slice(at);
    switch (this.random.int(0, 9)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return `\ufeff${text}`;
      case 2:
        return text.replace('{', '{"__proto__":{"polluted":true},');
      case 3:
        return text.replace('{', `{"deep":${'['.repeat(31)}${']'.repeat(31)},`);
      case 4:
        return '['.repeat(100_000) + ']'.repeat(100_000);
      case 5:
        return `{"a":`.repeat(20_000) + '1' + '}'.repeat(20_000);
      case 6:
        return text.replace(/"([^"]*)":/, '"$1":1,"$1":');
      case 7:
        return text.replace(/:\d+/, `:${'9'.repeat(400)}`);
      case 8:
        return put(this.random.pick(['\\ud800', '\\u0000', '\u0001', ',', '"', '}', '//', 'NaN', '1e999', '\\x']));
      default:
        return `${text}${text}`;
    }
  }

  /** The bytes with some of them changed, cut out or put in. */
  bytes(bytes: Buffer): Buffer {
    let changed = Buffer.from(bytes);
    for (let times = this.random.int(1, 4); times > 0 && changed.length > 0; times--) {
      const at = this.random.int(0, changed.length - 1);
      switch (this.random.int(0, 3)) {
        case 0:
          changed[at] = this.random.int(0, 255);
          break;
        case 1:
          changed = changed.subarray(0, at);
          break;
        case 2:
          changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + this.random.int(1, 8))]);
          break;
        default:
          changed = Buffer.concat([
            changed.subarray(0, at),
            Buffer.from(Array.from({ length: this.random.int(1, 8) }, () => this.random.int(0, 255))),
            changed.subarray(at),
          ]);
      }
    }
    return changed;
  }
}
