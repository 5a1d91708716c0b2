import type { ASTNode } from '@marcbachmann/cel-js';
import { checkCondition } from './condition-checker.js';
import { valueAt } from './condition-equality.js';
import { childrenOf } from './condition-hint.js';
import { truthOf } from './condition.js';
import type { ConditionSubject } from './condition-types.js';

/** A field that a part of a condition looked at. */
export interface SeenValue {
  readonly field: string;
  /** Long texts and lists are cut */
  readonly value?: unknown;
  /** It is not there, and makes a comparison false */
  readonly absent?: true;
}

/** A part of a condition that was false, as it is written, with what it saw. */
export interface FalsePart {
  readonly part: string;
  readonly saw: readonly SeenValue[];
}

const longestText = 200;
const longestList = 10;

const cut = (value: unknown): unknown => {
  if (typeof value === 'string') return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
  if (Array.isArray(value)) return value.slice(0, longestList).map(cut);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cut(member)]));
  return value;
};

const pathOf = (node: ASTNode): readonly string[] | undefined => {
  if (node.op === 'id') return node.args === 'feedback' || node.args === 'tags' ? [node.args] : undefined;
  const [owner, key] = node.op === '.' || node.op === '[]' ? node.args : [];
  const name =
    typeof key === 'string' ? key : key?.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
  if (owner === undefined || name === undefined) return undefined;
  const before = pathOf(owner);
  return before && [...before, name];
};

/** The fields that a part reads, the longest way to each. */
function pathsIn(node: ASTNode): readonly (readonly string[])[] {
  const path = pathOf(node);
  if (path) return [path];
  return childrenOf(node).flatMap(pathsIn);
}

/** A range that ends before the brackets that it has opened. */
function written(expression: string, { range }: ASTNode): string {
  let { end } = range;
  const open = () => expression.slice(range.start, end).replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '');
  while (end < expression.length && open().split('(').length > open().split(')').length) end += 1;
  return expression.slice(range.start, end);
}

/** Why a condition that is checked is false for that: the parts that would all have to be otherwise; none where it holds. */
export function falseParts(expression: string, subject: ConditionSubject): readonly FalsePart[] {
  const because = (node: ASTNode): readonly FalsePart[] => {
    const holds = (part: ASTNode): boolean => truthOf(part)(subject);
    if (node.op === '&&') {
      const [left, right] = node.args;
      return because(holds(left) ? right : left);
    }
    if (node.op === '||') return [...because(node.args[0]), ...because(node.args[1])];
    if (node.op === '?:') {
      const [condition, then, otherwise] = node.args;
      return because(holds(condition) ? then : otherwise);
    }
    const fields = new Map(pathsIn(node).map((path) => [path.join('.'), path]));
    const saw = [...fields].map(([field, path]): SeenValue => {
      const value = valueAt(subject, path);
      return value === undefined ? { field, absent: true } : { field, value: cut(value) };
    });
    return [{ part: written(expression, node), saw }];
  };
  const ast = checkCondition(expression);
  return truthOf(ast)(subject) ? [] : because(ast);
}
