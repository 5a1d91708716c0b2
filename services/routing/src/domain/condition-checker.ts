import { Environment, type ASTNode, type SourceRange } from '@marcbachmann/cel-js';
import { hintOf } from './condition-hint.js';
import { celTypeName, conditionVariables, type ConditionType } from './condition-types.js';

/** Most characters, and most parts, of one condition. */
export const maxConditionLength = 4000;
const limits = { maxAstNodes: 400, maxDepth: 32, maxListElements: 200, maxMapEntries: 0, maxCallArguments: 2 };

/** Why a condition cannot be taken, and where: offsets into it, and line and column from 1. */
export interface ConditionProblem {
  message: string;
  start: number;
  end: number;
  line: number;
  column: number;
}

export class ConditionError extends Error {
  constructor(
    message: string,
    readonly range: SourceRange,
  ) {
    super(message);
  }

  in(expression: string): ConditionProblem {
    const before = expression.slice(0, this.range.start).split('\n');
    return {
      message: this.message,
      start: this.range.start,
      end: this.range.end,
      line: before.length,
      column: (before.at(-1) ?? '').length + 1,
    };
  }
}

const never = (): never => {
  throw new Error('Conditions are checked here, and evaluated by condition.ts');
};

const registerMessages = (environment: Environment, type: ConditionType, known: Set<string>): void => {
  if (type.kind === 'list') return registerMessages(environment, type.of, known);
  if (type.kind !== 'message' || known.has(type.name)) return;
  known.add(type.name);
  for (const field of type.fields.values()) registerMessages(environment, field, known);
  const fields = Object.fromEntries([...type.fields].map(([name, field]) => [name, celTypeName(field)]));
  environment.registerType(type.name, { fields });
};

const makeEnvironment = (): Environment => {
  const environment = new Environment({ limits });
  const known = new Set<string>();
  for (const [name, type] of conditionVariables) {
    registerMessages(environment, type, known);
    environment.registerVariable(name, celTypeName(type));
  }
  // So that `rating.value == 4` need not be written `== 4.0`; `!=` and the mirrored `==` come with it.
  environment.registerOperator('double == int', never).registerOperator('double in list<int>', never);
  for (const operator of ['+', '-', '*', '/']) {
    environment.registerOperator(`double ${operator} int`, never).registerOperator(`int ${operator} double`, never);
  }
  return environment;
};

const environment = makeEnvironment();

/** Parses and type-checks a condition. Throws a ConditionError that says what is wrong, and where. */
export function checkCondition(expression: string): ASTNode {
  const whole = { start: 0, end: expression.length };
  if (expression.length > maxConditionLength) {
    throw new ConditionError(`A condition has at most ${maxConditionLength} characters`, whole);
  }
  const { valid, type, error } = environment.check(expression);
  if (!valid) {
    const { summary = 'This is not a condition', range = whole } = error ?? {};
    throw new ConditionError(summary + hintIn(expression, summary, range), range);
  }
  if (type !== 'bool') throw new ConditionError(`A condition is true or false, and this is ${String(type)}`, whole);
  return environment.parse(expression).ast;
}

/** What does not parse has no names to be near to. */
function hintIn(expression: string, summary: string, range: SourceRange): string {
  try {
    return hintOf(summary, range, environment.parse(expression).ast);
  } catch {
    return '';
  }
}
