import type { ASTNode } from '@marcbachmann/cel-js';
import type { ConditionSubject } from './condition-types.js';

/** A field that must be one of some texts, or the condition is false. */
export interface Equality {
  /** Names from `feedback` or `tags` on */
  readonly path: readonly string[];
  readonly values: ReadonlySet<string>;
}

type Equalities = ReadonlyMap<string, ReadonlySet<string>>;
const none: Equalities = new Map();

const pathOf = (node: ASTNode): readonly string[] | undefined => {
  if (node.op === 'id') return node.args === 'feedback' || node.args === 'tags' ? [node.args] : undefined;
  if (node.op !== '.') return undefined;
  const owner = pathOf(node.args[0]);
  return owner && [...owner, node.args[1]];
};

const textOf = (node: ASTNode): string | undefined =>
  node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;

const oneOf = (field: ASTNode, values: readonly (string | undefined)[]): Equalities => {
  const path = pathOf(field);
  if (!path || path.length < 2 || values.includes(undefined)) return none;
  return new Map([[path.join('.'), new Set(values as string[])]]);
};

function necessary(node: ASTNode): Equalities {
  switch (node.op) {
    case '==': {
      const [left, right] = node.args;
      const text = textOf(right);
      return text === undefined ? oneOf(right, [textOf(left)]) : oneOf(left, [text]);
    }
    case 'in': {
      const [field, list] = node.args;
      return list.op === 'list' ? oneOf(field, list.args.map(textOf)) : none;
    }
    case '&&': {
      const [left, right] = [necessary(node.args[0]), necessary(node.args[1])];
      return new Map([...left, ...right]);
    }
    case '||': {
      const [left, right] = [necessary(node.args[0]), necessary(node.args[1])];
      const both = [...left].filter(([path]) => right.has(path));
      return new Map(both.map(([path, values]) => [path, new Set([...values, ...right.get(path)!])]));
    }
    default:
      return none;
  }
}

/** What must be so for the condition to hold, as far as it is plain to see: a rule is asked only where it is. */
export const necessaryEqualities = (condition: ASTNode): readonly Equality[] =>
  [...necessary(condition)].map(([path, values]) => ({ path: path.split('.'), values }));

/** The value of a field as conditions see it; undefined where it is absent. */
export function valueAt(subject: ConditionSubject, path: readonly string[]): unknown {
  let value: unknown = subject;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name] ?? undefined;
  }
  return value;
}
