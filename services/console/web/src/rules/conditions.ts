/** What a condition may speak of, as the routing service tells it. */
export type ConditionType =
  | { readonly kind: 'string'; readonly values?: readonly string[] }
  | { readonly kind: 'int' | 'double' | 'bool' | 'dyn' | 'map' }
  | { readonly kind: 'list'; readonly of: ConditionType }
  | { readonly kind: 'message'; readonly fields: Readonly<Record<string, ConditionType>> };

export interface ConditionFunction {
  readonly name: string;
  /** What it is asked of: `text.contains(…)`; `any`: it stands alone, `has(…)` */
  readonly on: 'string' | 'list' | 'any';
  /** A condition that uses it */
  readonly example: string;
}

export interface ConditionEnvironment {
  readonly variables: Readonly<Record<string, ConditionType>>;
  readonly functions: readonly ConditionFunction[];
}

export interface Completion {
  readonly label: string;
  /** What is written in its place, where that is another text */
  readonly apply?: string;
  readonly detail: string;
  readonly kind: 'variable' | 'property' | 'function' | 'text';
}

export interface Completions {
  /** Where in the text what is completed begins */
  readonly from: number;
  readonly options: readonly Completion[];
}

const typeName = (type: ConditionType): string =>
  type.kind === 'list'
    ? `list<${typeName(type.of)}>`
    : type.kind === 'string' && type.values
      ? type.values.join(' | ')
      : type.kind;

/** What the names mean at a place: the variables, and what a list before it calls its items. */
function scopeAt(before: string, { variables }: ConditionEnvironment): ReadonlyMap<string, ConditionType> {
  const scope = new Map(Object.entries(variables));
  for (const [, path, name] of before.matchAll(/([a-zA-Z_][\w.]*)\.(?:exists|all|exists_one)\(\s*(\w+)\s*,/g)) {
    const list = typeOf(path!.split('.'), scope);
    if (list?.kind === 'list') scope.set(name!, list.of);
  }
  return scope;
}

function typeOf(path: readonly string[], scope: ReadonlyMap<string, ConditionType>): ConditionType | undefined {
  const [first, ...rest] = path;
  let type = scope.get(first ?? '');
  for (const name of rest) type = type?.kind === 'message' ? type.fields[name] : undefined;
  return type;
}

/** Whether a quote is open at the end of a text. */
const isQuoted = (text: string): boolean => (text.replaceAll(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1;

/** What may be written at a place of a condition; undefined where nothing is known. */
export function completionsAt(text: string, at: number, environment: ConditionEnvironment): Completions | undefined {
  const before = text.slice(0, at);
  const scope = scopeAt(before, environment);
  if (isQuoted(before)) return valuesAt(before, scope);
  const word = /[a-zA-Z_][\w.]*$|\.$/.exec(before)?.[0] ?? '';
  const path = word.split('.');
  const last = path.pop()!;
  const from = at - last.length;
  if (path.length === 0) {
    if (word === '' && before !== '' && !/[\s(!,[]$/.test(before)) return undefined;
    return {
      from,
      options: [
        ...[...scope].map(([label, type]): Completion => ({ label, detail: typeName(type), kind: 'variable' })),
        ...functionsOn('any', environment),
      ],
    };
  }
  const type = typeOf(path, scope);
  if (!type) return undefined;
  switch (type.kind) {
    case 'message':
      return {
        from,
        options: Object.entries(type.fields).map(([label, of]) => ({ label, detail: typeName(of), kind: 'property' })),
      };
    case 'string':
      return { from, options: functionsOn('string', environment) };
    case 'list':
      return { from, options: functionsOn('list', environment) };
    default:
      return undefined;
  }
}

const functionsOn = (on: ConditionFunction['on'], { functions }: ConditionEnvironment): readonly Completion[] =>
  functions
    .filter((one) => one.on === on)
    .map(({ name, example }) => ({ label: name, apply: `${name}(`, detail: example, kind: 'function' }));

/** The texts that a field can have, where one is compared with it. */
function valuesAt(before: string, scope: ReadonlyMap<string, ConditionType>): Completions | undefined {
  const compared =
    /([a-zA-Z_][\w.]*)\s*(?:==|!=)\s*"([^"]*)$/.exec(before) ??
    /([a-zA-Z_][\w.]*)\s+in\s+\[[^\]]*"([^"]*)$/.exec(before);
  if (!compared) return undefined;
  const [, path, begun] = compared;
  const type = typeOf(path!.split('.'), scope);
  if (type?.kind !== 'string' || !type.values) return undefined;
  return {
    from: before.length - begun!.length,
    options: type.values.map((label) => ({ label, detail: path!, kind: 'text' })),
  };
}

export interface Token {
  readonly text: string;
  readonly kind: 'string' | 'number' | 'keyword' | 'function' | 'plain';
}

const token =
  /(?<string>r?"(?:\\.|[^"\\])*"?|r?'(?:\\.|[^'\\])*'?)|(?<number>\b\d+(?:\.\d+)?\b)|(?<keyword>\b(?:true|false|null|in)\b|&&|\|\||[!=<>]=|[<>!?:])|(?<function>\b[a-zA-Z_]\w*(?=\())/g;

/** A condition cut into what is coloured alike; the texts joined are the condition. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const found of text.matchAll(token)) {
    if (found.index > at) tokens.push({ text: text.slice(at, found.index), kind: 'plain' });
    const [kind] = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined) ?? ['plain'];
    tokens.push({ text: found[0], kind: kind as Token['kind'] });
    at = found.index + found[0].length;
  }
  if (at < text.length) tokens.push({ text: text.slice(at), kind: 'plain' });
  return tokens;
}

export interface Piece extends Token {
  readonly wrong: boolean;
}

/** Tokens cut at the ends of what is wrong and at the caret, so that each is drawn in one piece. */
export function piecesOf(
  text: string,
  wrong: readonly [number, number] | undefined,
  caret: number,
): readonly (Piece | 'caret')[] {
  const pieces: (Piece | 'caret')[] = [];
  let at = 0;
  let isCaretThere = false;
  for (const { text: whole, kind } of tokensOf(text)) {
    const end = at + whole.length;
    const cuts = [at, ...[caret, ...(wrong ?? [])].filter((cut) => cut > at && cut < end), end].toSorted(
      (a, b) => a - b,
    );
    for (let index = 0; index < cuts.length - 1; index += 1) {
      const [from, to] = [cuts[index]!, cuts[index + 1]!];
      if (from === caret && !isCaretThere) {
        pieces.push('caret');
        isCaretThere = true;
      }
      if (to > from) {
        const isWrong = wrong !== undefined && from >= wrong[0] && to <= wrong[1];
        pieces.push({ text: text.slice(from, to), kind, wrong: isWrong });
      }
    }
    at = end;
  }
  if (!isCaretThere) pieces.push('caret');
  return pieces;
}

/** What a problem at a place is about: the name or text that begins there, or the one character. */
export function wrongAt(text: string, offset: number): readonly [number, number] {
  const from = Math.min(offset, Math.max(0, text.length - 1));
  const word = /^(?:[\w.]+|"(?:\\.|[^"\\])*"?)/.exec(text.slice(from))?.[0].length ?? 1;
  return [from, Math.min(text.length, from + Math.max(1, word))];
}
