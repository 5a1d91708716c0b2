import type { ASTNode, SourceRange } from '@marcbachmann/cel-js';
import { conditionVariables, type ConditionType } from './condition-types.js';
import { hintAt } from './nearest-name.js';

/** What a condition may call. */
const methods = 'contains startsWith endsWith matches lowerAscii upperAscii trim exists all exists_one size'.split(' ');
const functions = ['has', 'size'];

type Scope = ReadonlyMap<string, ConditionType>;

function typeOf(node: ASTNode, scope: Scope): ConditionType | undefined {
  if (node.op === 'id') return scope.get(node.args);
  if (node.op !== '.') return undefined;
  const owner = typeOf(node.args[0], scope);
  return owner?.kind === 'message' ? owner.fields.get(node.args[1]) : undefined;
}

export const childrenOf = ({ args }: ASTNode): ASTNode[] =>
  ([args] as unknown[])
    .flat(3)
    .filter((child): child is ASTNode => typeof child === 'object' && child !== null && 'op' in child);

const memberOf = (node: ASTNode): { owner: ASTNode; key: string } | undefined => {
  if (node.op === '.') return { owner: node.args[0], key: node.args[1] };
  if (node.op !== '[]') return undefined;
  const [owner, key] = node.args;
  return key.op === 'value' && typeof key.args === 'string' ? { owner, key: key.args } : undefined;
};

/** The names among which the wrong one at that place was to be. */
function namesFor(wrong: string, at: SourceRange, node: ASTNode, scope: Scope): Iterable<string> | undefined {
  const member = memberOf(node);
  if (member?.key === wrong && node.range.start <= at.start && at.end <= node.range.end) {
    const owner = typeOf(member.owner, scope);
    if (owner?.kind === 'message' && !owner.fields.has(wrong)) return owner.fields.keys();
  }
  if (node.op === 'id' && node.args === wrong && node.range.start === at.start) return scope.keys();
  let inner = scope;
  if (node.op === 'rcall') {
    const [, receiver, [name]] = node.args;
    const list = typeOf(receiver, scope);
    if (name?.op === 'id' && list?.kind === 'list') inner = new Map([...scope, [name.args, list.of]]);
  }
  for (const child of childrenOf(node)) {
    const names = namesFor(wrong, at, child, inner);
    if (names) return names;
  }
  return undefined;
}

/** What was probably meant, out of what the type check says: "; did you mean …?", or nothing. */
export function hintOf(summary: string, at: SourceRange, ast: ASTNode): string {
  const name = /^(?:No such key|Unknown variable): (\w+)$/.exec(summary)?.[1];
  if (name !== undefined) return hintAt(name, namesFor(name, at, ast, conditionVariables) ?? []);
  const [, receiver, called] = /overload for '([^']*\.)?(\w+)\(/.exec(summary) ?? [];
  const known = receiver === undefined ? functions : methods;
  return called === undefined || known.includes(called) ? '' : hintAt(called, known);
}
