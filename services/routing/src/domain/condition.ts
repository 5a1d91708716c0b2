import type { ASTNode } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { checkCondition, ConditionError, type ConditionProblem } from './condition-checker.js';
import { costOf, costOfPattern } from './condition-cost.js';
import { necessaryEqualities, type Equality } from './condition-equality.js';
import { conditionVariables, type ConditionSubject, type ConditionType } from './condition-types.js';

/** A checked condition, ready to be asked again and again. Its cost is bounded and linear in the text. */
export interface Condition {
  holds(subject: ConditionSubject): boolean;
  /** Instructions of its regular expressions together: what limits of a whole rule set count. */
  patternSize: number;
  /** The most steps that it can take, of some ten nanoseconds each */
  cost: number;
  /** What must be so for it to hold, as far as that is plain to see */
  equalities: readonly Equality[];
}

/** Bounds of one regular expression: characters, and instructions of its program. */
const maxPatternLength = 1000;
const maxPatternSize = 1000;

interface Scope extends ConditionSubject {
  /** What `exists` and its like look at just now */
  item: unknown;
}

/** A part of a condition. `undefined` stands for what is absent; a bool is never absent, but false. */
interface Part<T = unknown> {
  type: ConditionType;
  run: (scope: Scope) => T;
}
type BoolPart = Part<boolean>;

interface Compilation {
  iteration?: { name: string; type: ConditionType };
  patternSize: number;
}

const scalars: readonly ConditionType['kind'][] = ['string', 'int', 'double', 'bool', 'dyn'];
const isNumber = (type: ConditionType): boolean => type.kind === 'int' || type.kind === 'double';

const refuse = (node: ASTNode, message: string): never => {
  throw new ConditionError(message, node.range);
};

const isBool = (part: Part): part is BoolPart => part.type.kind === 'bool';
const compileBool = (node: ASTNode, at: Compilation): BoolPart => {
  const part = compile(node, at);
  // What may be of any type counts when it is true
  if (part.type.kind === 'dyn') return { type: { kind: 'bool' }, run: (scope) => part.run(scope) === true };
  return isBool(part) ? part : refuse(node, 'This is to be true or false');
};
const compileScalar = (node: ASTNode, at: Compilation): Part => {
  const part = compile(node, at);
  return scalars.includes(part.type.kind) ? part : refuse(node, 'Only texts, numbers and truth values can be compared');
};
const compileString = (node: ASTNode, at: Compilation): Part<string | undefined> => {
  const part = compileScalar(node, at);
  return {
    type: part.type,
    run: (scope) => {
      const value = part.run(scope);
      return typeof value === 'string' ? value : undefined;
    },
  };
};

const bool = (run: (scope: Scope) => boolean): BoolPart => ({ type: { kind: 'bool' }, run });

const literal = (node: ASTNode & { op: 'value' }): Part => {
  const value = node.args;
  switch (typeof value) {
    case 'string':
      return { type: { kind: 'string' }, run: () => value };
    case 'boolean':
      return bool(() => value);
    case 'number':
      return { type: { kind: 'double' }, run: () => value };
    case 'bigint': {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) refuse(node, 'This number is too large');
      return { type: { kind: 'int' }, run: () => number };
    }
    default:
      return refuse(node, 'A condition has no null and no bytes; has(…) asks whether something is there');
  }
};

/** What stands in a list: a text, a number or a truth value, written as it is. */
const constant = (node: ASTNode): unknown => {
  if (node.op === '-_' && node.args.op === 'value' && typeof node.args.args !== 'string') {
    return -Number(literal(node.args).run({} as Scope));
  }
  if (node.op === 'value') return literal(node).run({} as Scope);
  return refuse(node, 'A list holds texts and numbers as they are');
};

/** A bool that is absent is false, everything else that is absent undefined. */
const read = (of: Part, key: string, type: ConditionType): Part => {
  const get = (scope: Scope): unknown => {
    const owner = of.run(scope);
    if (typeof owner !== 'object' || owner === null || !Object.hasOwn(owner, key)) return undefined;
    return (owner as Record<string, unknown>)[key] ?? undefined;
  };
  return type.kind === 'bool' ? bool((scope) => get(scope) === true) : { type, run: get };
};

const select = (node: ASTNode, owner: ASTNode, key: string, at: Compilation): Part => {
  const of = compile(owner, at);
  if (of.type.kind === 'map') return read(of, key, { kind: 'dyn' });
  const type = of.type.kind === 'message' ? of.type.fields.get(key) : undefined;
  return type ? read(of, key, type) : refuse(node, `There is no field ${key} here`);
};

const variable = (node: ASTNode & { op: 'id' }, at: Compilation): Part => {
  const name = node.args;
  if (at.iteration?.name === name) return { type: at.iteration.type, run: (scope) => scope.item };
  const type = conditionVariables.get(name);
  if (!type) return refuse(node, `There is no ${name} here`);
  return { type, run: name === 'feedback' ? (scope) => scope.feedback : (scope) => scope.tags ?? undefined };
};

/** A text that a field can never have is a slip of the pen: it would make a rule that never matches. */
const checkValues = (of: ConditionType, node: ASTNode): void => {
  if (of.kind !== 'string' || !of.values || node.op !== 'value' || typeof node.args !== 'string') return;
  if (!of.values.includes(node.args)) refuse(node, `This can only be one of ${of.values.join(', ')}`);
};

type Order = (a: string | number, b: string | number) => boolean;
const orders: Record<'<' | '<=' | '>' | '>=', Order> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const comparison = (node: ASTNode & { op: '==' | '!=' | '<' | '<=' | '>' | '>=' }, at: Compilation): BoolPart => {
  const [left, right] = [compileScalar(node.args[0], at), compileScalar(node.args[1], at)];
  checkValues(left.type, node.args[1]);
  checkValues(right.type, node.args[0]);
  const { op } = node;
  if (op === '==' || op === '!=') {
    const wanted = op === '==';
    return bool((scope) => {
      const [a, b] = [left.run(scope), right.run(scope)];
      return a !== undefined && b !== undefined && (a === b) === wanted;
    });
  }
  const holds = orders[op];
  return bool((scope) => {
    const [a, b] = [left.run(scope), right.run(scope)];
    if (typeof a === 'number' && typeof b === 'number') return holds(a, b);
    return typeof a === 'string' && typeof b === 'string' && holds(a, b);
  });
};

const membership = (node: ASTNode & { op: 'in' }, at: Compilation): BoolPart => {
  const needle = compileScalar(node.args[0], at);
  const [, range] = node.args;
  if (range.op === 'list') {
    const items = range.args.map((item) => {
      checkValues(needle.type, item);
      return constant(item);
    });
    const values = new Set(items);
    return bool((scope) => values.has(needle.run(scope)));
  }
  const haystack = compile(range, at);
  if (haystack.type.kind === 'list') {
    checkValues(haystack.type.of, node.args[0]);
    return bool((scope) => {
      const [value, list] = [needle.run(scope), haystack.run(scope)];
      return value !== undefined && Array.isArray(list) && list.includes(value);
    });
  }
  if (haystack.type.kind !== 'map') return refuse(range, 'This is neither a list nor a map');
  return bool((scope) => {
    const [key, map] = [needle.run(scope), haystack.run(scope)];
    return typeof key === 'string' && typeof map === 'object' && map !== null && Object.hasOwn(map, key);
  });
};

const arithmetic = (node: ASTNode & { op: '+' | '-' | '*' | '/' }, at: Compilation): Part => {
  const [left, right] = [compileScalar(node.args[0], at), compileScalar(node.args[1], at)];
  if (![left, right].every(({ type }) => isNumber(type) || type.kind === 'dyn')) {
    return refuse(node, 'Only numbers can be reckoned with');
  }
  const whole = left.type.kind === 'int' && right.type.kind === 'int';
  const reckon = {
    '+': (a: number, b: number) => a + b,
    '-': (a: number, b: number) => a - b,
    '*': (a: number, b: number) => a * b,
    '/': whole ? (a: number, b: number) => Math.trunc(a / b) : (a: number, b: number) => a / b,
  }[node.op];
  return {
    type: { kind: whole ? 'int' : 'double' },
    run: (scope) => {
      const [a, b] = [left.run(scope), right.run(scope)];
      if (typeof a !== 'number' || typeof b !== 'number') return undefined;
      const result = reckon(a, b);
      return Number.isFinite(result) ? result : undefined;
    },
  };
};

const ternary = (node: ASTNode & { op: '?:' }, at: Compilation): Part => {
  const condition = compileBool(node.args[0], at);
  const [then, otherwise] = [compile(node.args[1], at), compile(node.args[2], at)];
  if (isBool(then) && isBool(otherwise)) {
    return bool((scope) => (condition.run(scope) ? then.run(scope) : otherwise.run(scope)));
  }
  return { type: then.type, run: (scope) => (condition.run(scope) ? then.run(scope) : otherwise.run(scope)) };
};

const textTests: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  contains: (text, part) => text.includes(part),
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
};
const asciiUpper = /[A-Z]+/g;
const asciiLower = /[a-z]+/g;
const textChanges: Readonly<Record<string, (text: string) => string>> = {
  lowerAscii: (text) => text.replace(asciiUpper, (found) => found.toLowerCase()),
  upperAscii: (text) => text.replace(asciiLower, (found) => found.toUpperCase()),
  trim: (text) => text.trim(),
};

/** RE2 as CEL has it: a part of the text is enough, and the time it takes is linear in the text. */
const matching = (text: ASTNode, pattern: ASTNode, at: Compilation): BoolPart => {
  if (pattern.op !== 'value' || typeof pattern.args !== 'string') {
    return refuse(pattern, 'A regular expression is written as it is, in quotes');
  }
  if (pattern.args.length > maxPatternLength) {
    return refuse(pattern, `A regular expression has at most ${maxPatternLength} characters`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern.args);
  } catch (error) {
    return refuse(pattern, error instanceof Error ? error.message : 'This is not a regular expression');
  }
  const size = compiled.programSize();
  if (size > maxPatternSize) {
    return refuse(pattern, 'This regular expression is too large once its repetitions are written out');
  }
  at.patternSize += size;
  const of = compileString(text, at);
  return bool((scope) => {
    const value = of.run(scope);
    return value !== undefined && compiled.test(value);
  });
};

const sizeOf = (node: ASTNode, at: Compilation): Part => {
  const of = compile(node, at);
  return {
    type: { kind: 'int' },
    run: (scope) => {
      const value = of.run(scope);
      if (Array.isArray(value)) return value.length;
      if (typeof value === 'object' && value !== null) return Object.keys(value).length;
      if (typeof value !== 'string') return undefined;
      let characters = 0;
      for (const _ of value) characters += 1;
      return characters;
    },
  };
};

type Quantifier = (list: readonly unknown[], holds: (item: unknown) => boolean) => boolean;
const quantifiers: Readonly<Record<string, Quantifier>> = {
  exists: (list, holds) => list.some(holds),
  all: (list, holds) => list.every(holds),
  exists_one: (list, holds) => list.filter(holds).length === 1,
};

const quantified = (node: ASTNode, quantify: Quantifier, list: ASTNode, args: ASTNode[], at: Compilation): BoolPart => {
  const [name, predicate] = args;
  const of = compile(list, at);
  if (of.type.kind !== 'list' || name?.op !== 'id' || !predicate) return refuse(node, 'This is not a list');
  if (at.iteration) return refuse(node, 'One list inside of another is more than a condition may look through');
  at.iteration = { name: name.args, type: of.type.of };
  const holds = compileBool(predicate, at);
  delete at.iteration;
  return bool((scope) => {
    const items = of.run(scope);
    if (!Array.isArray(items)) return false;
    return quantify(items, (item) => {
      scope.item = item;
      return holds.run(scope);
    });
  });
};

const presence = (node: ASTNode, at: Compilation): BoolPart => {
  if (node.op !== '.') return refuse(node, 'has(…) asks for a field');
  const [owner, key] = node.args;
  const of = compile(owner, at);
  return bool((scope) => {
    const value = of.run(scope);
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    const member = (value as Record<string, unknown>)[key];
    return member !== undefined && member !== null;
  });
};

const call = (node: ASTNode & { op: 'call' }, at: Compilation): Part => {
  const [name, args] = node.args;
  const [first] = args;
  if (name === 'has' && first) return presence(first, at);
  if (name === 'size' && first) return sizeOf(first, at);
  return refuse(node, `${name}() cannot be used in a condition`);
};

const receiverCall = (node: ASTNode & { op: 'rcall' }, at: Compilation): Part => {
  const [name, receiver, args] = node.args;
  const [first] = args;
  const quantify = quantifiers[name];
  if (quantify) return quantified(node, quantify, receiver, args, at);
  if (name === 'size') return sizeOf(receiver, at);
  if (name === 'matches' && first) return matching(receiver, first, at);
  const test = textTests[name];
  if (test && first) {
    const [text, part] = [compileString(receiver, at), compileString(first, at)];
    return bool((scope) => {
      const [value, wanted] = [text.run(scope), part.run(scope)];
      return value !== undefined && wanted !== undefined && test(value, wanted);
    });
  }
  const change = textChanges[name];
  if (change) {
    const text = compileString(receiver, at);
    return {
      type: { kind: 'string' },
      run: (scope) => {
        const value = text.run(scope);
        return value === undefined ? undefined : change(value);
      },
    };
  }
  return refuse(node, `${name}() cannot be used in a condition`);
};

function compile(node: ASTNode, at: Compilation): Part {
  switch (node.op) {
    case 'value':
      return literal(node);
    case 'id':
      return variable(node, at);
    case '.':
      return select(node, node.args[0], node.args[1], at);
    case '[]': {
      const [owner, key] = node.args;
      if (key.op === 'value' && typeof key.args === 'string') return select(node, owner, key.args, at);
      return refuse(node, 'A name in quotes is what can stand in brackets; lists are for exists(…) and all(…)');
    }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(node, at);
    case 'in':
      return membership(node, at);
    case '+':
    case '-':
    case '*':
    case '/':
      return arithmetic(node, at);
    case '&&': {
      const [left, right] = [compileBool(node.args[0], at), compileBool(node.args[1], at)];
      return bool((scope) => left.run(scope) && right.run(scope));
    }
    case '||': {
      const [left, right] = [compileBool(node.args[0], at), compileBool(node.args[1], at)];
      return bool((scope) => left.run(scope) || right.run(scope));
    }
    case '!_': {
      const part = compileBool(node.args, at);
      return bool((scope) => !part.run(scope));
    }
    case '-_': {
      const part = compileScalar(node.args, at);
      return {
        type: part.type,
        run: (scope) => {
          const value = part.run(scope);
          return typeof value === 'number' ? -value : undefined;
        },
      };
    }
    case '?:':
      return ternary(node, at);
    case 'call':
      return call(node, at);
    case 'rcall':
      return receiverCall(node, at);
    case 'list':
    case 'map':
    case '%':
    case '.?':
    case '[?]':
      return refuse(node, 'This cannot stand here in a condition');
  }
}

/**
 * Compiles a condition in CEL over `feedback` and `tags`, or says what is wrong with it and where.
 *
 * cel-js parses and type-checks it; what it means is decided here, for three things that rules need and cel-js does not give: what is
 * absent makes a comparison false, where CEL has an error; `matches` is RE2, where cel-js has the RegExp of JavaScript; and nothing
 * of the language is in it whose cost is not bounded. On what is present the two agree, which a spec shows.
 */
export function compileCondition(expression: string): Condition | ConditionProblem {
  try {
    const ast = checkCondition(expression);
    const at: Compilation = { patternSize: 0 };
    const part = compileBool(ast, at);
    return {
      patternSize: at.patternSize,
      cost: costOf(ast) + costOfPattern(at.patternSize),
      equalities: necessaryEqualities(ast),
      holds: ({ feedback, tags }) => part.run({ feedback, tags, item: undefined }),
    };
  } catch (error) {
    if (error instanceof ConditionError) return error.in(expression);
    throw error;
  }
}

/** A part of a checked condition that is true or false, to be asked by itself. */
export function truthOf(node: ASTNode): (subject: ConditionSubject) => boolean {
  const part = compileBool(node, { patternSize: 0 });
  return ({ feedback, tags }) => part.run({ feedback, tags, item: undefined });
}

/** Tells the two results of `compileCondition` apart. */
export const isCondition = (result: Condition | ConditionProblem): result is Condition => 'holds' in result;
