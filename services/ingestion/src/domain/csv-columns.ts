/** As much of a JSON Schema as says which columns there may be. */
export interface FieldSchema {
  readonly $ref?: string | undefined;
  readonly $defs?: Readonly<Record<string, FieldSchema>> | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, FieldSchema>> | undefined;
  readonly anyOf?: readonly FieldSchema[] | undefined;
}

type CellKind = 'text' | 'number' | 'boolean' | 'list';

interface Column {
  /** Where the cell goes in the input */
  readonly path: readonly string[];
  readonly kind: CellKind;
}

export type Columns = readonly Column[];

export interface ColumnError {
  readonly rule: string;
  readonly message: string;
}

/** What stands between the values of a list in one cell. */
const listSeparator = '|';

const attributePrefix = 'attributes.';

/**
 * What the columns of a CSV file mean: a column is named as the field it fills (`text`, `rating.value`,
 * `author.externalId`, `attributes.<key>`); any other becomes the attribute of its name.
 */
export function columnsOf(header: readonly string[], schema: FieldSchema): Columns | readonly ColumnError[] {
  const fields = fieldsOf(schema);
  const errors: ColumnError[] = [];
  const seen = new Set<string>();
  const columns = header.map((title, at): Column => {
    const name = title.trim();
    const kind = fields.get(name);
    const path = kind && kind !== 'object' ? name.split('.') : ['attributes', withoutPrefix(name)];
    const place = JSON.stringify(path);
    if (name === '' || path[1] === '') errors.push({ rule: 'columnName', message: `column ${at + 1} has no name` });
    else if (kind === 'object') {
      const parts = [...fields.keys()].filter((field) => field.startsWith(`${name}.`));
      const instead = name === 'attributes' ? 'attributes.<key>' : parts.join(', ');
      errors.push({ rule: 'columnName', message: `the column ${name} must be split into ${instead}` });
    } else if (seen.has(place)) errors.push({ rule: 'columnUnique', message: `the column ${name} is there twice` });
    seen.add(place);
    return { path, kind: kind && kind !== 'object' ? kind : 'text' };
  });
  return errors.length > 0 ? errors : columns;
}

/** True for columns, false for errors. */
export const areColumns = (result: Columns | readonly ColumnError[]): result is Columns =>
  result.length === 0 || 'path' in result[0]!;

/**
 * The input that a row stands for. An empty cell leaves its field out. A cell that is no number or boolean where one is
 * due stays text, so that validation tells of it by its field.
 */
export function inputOf(columns: Columns, row: readonly string[]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  columns.forEach(({ path, kind }, at) => {
    const cell = row[at]!;
    if (cell === '') return;
    let target = input;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(target, key)) set(target, key, {});
      target = target[key] as Record<string, unknown>;
    }
    set(target, path.at(-1)!, valueOf(cell, kind));
  });
  return input;
}

function valueOf(cell: string, kind: CellKind): unknown {
  switch (kind) {
    case 'text':
      return cell;
    case 'number':
      return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell) ? Number(cell) : cell;
    case 'boolean':
      return { true: true, false: false }[cell.trim().toLowerCase()] ?? cell;
    case 'list':
      return cell
        .split(listSeparator)
        .map((item) => item.trim())
        .filter((item) => item !== '');
  }
}

/** An own property even for a column called `__proto__`. */
const set = (target: object, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

const withoutPrefix = (name: string): string =>
  name.startsWith(attributePrefix) ? name.slice(attributePrefix.length) : name;

/** Every field by its dotted name, and what a cell of it holds; `object` for one that is not a cell. */
function fieldsOf(root: FieldSchema): Map<string, CellKind | 'object'> {
  const fields = new Map<string, CellKind | 'object'>();
  const collect = (schema: FieldSchema, prefix: string): void => {
    for (const [name, property] of Object.entries(resolve(schema, root).properties ?? {})) {
      const field = resolve(property, root);
      const kind = kindOf(field);
      fields.set(prefix + name, kind);
      if (kind === 'object') collect(field, `${prefix}${name}.`);
    }
  };
  collect(root, '');
  return fields;
}

function kindOf({ type }: FieldSchema): CellKind | 'object' {
  const types = typeof type === 'string' ? [type] : (type ?? []);
  if (types.includes('object')) return 'object';
  if (types.includes('array')) return 'list';
  if (types.includes('number') || types.includes('integer')) return 'number';
  return types.includes('boolean') ? 'boolean' : 'text';
}

/** The schema that stands behind a reference, or beside `null`. */
function resolve(schema: FieldSchema, root: FieldSchema): FieldSchema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return resolve(root.$defs?.[name] ?? {}, root);
  const alternative = schema.anyOf?.find(({ type }) => type !== 'null');
  return alternative ? resolve(alternative, root) : schema;
}
