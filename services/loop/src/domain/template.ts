import { maxReplyLength } from '@closeloop/contracts';

export const variableTypes = ['text', 'number', 'date', 'money', 'url', 'choice'] as const;
export type VariableType = (typeof variableTypes)[number];

/** A place of a text that is filled when it is used. */
export interface Variable {
  readonly name: string;
  readonly type: VariableType;
  /** Else it may be left out, and stands for nothing */
  readonly required: boolean;
  /** Of a choice */
  readonly values?: readonly string[];
  /** Of a text; 1,000 unless set */
  readonly maxLength?: number;
}

/** What a team says again and again, in the languages of its customers. */
export interface TemplateBody {
  readonly variables: readonly Variable[];
  readonly texts: readonly { readonly language: string; readonly text: string }[];
  /** The language of those whose language it does not have */
  readonly fallback: string;
}

export interface Violation {
  readonly pointer: string;
  readonly rule: string;
  readonly message: string;
}

/** Filled by the system from the loop, as far as it is known; none has to be declared. */
const wellKnown: readonly Variable[] = [
  { name: 'customerName', type: 'text', required: true },
  { name: 'product', type: 'text', required: true },
  { name: 'location', type: 'text', required: true },
  { name: 'channel', type: 'text', required: true },
  { name: 'team', type: 'text', required: true },
  { name: 'rating', type: 'number', required: true },
  { name: 'ratingScale', type: 'number', required: true },
  { name: 'occurredOn', type: 'date', required: true },
];

export type Value = string | number | boolean;

const namePattern = /^[a-z][A-Za-z0-9]{0,39}$/;
/** BCP 47, as far as it is spelled */
const languagePattern = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/;
const usualMaxLength = 1_000;

/** A `{{name}}` of a text, and where it begins. */
interface Use {
  readonly name: string;
  readonly at: number;
  readonly end: number;
}

/** What stands between braces in a text; `{{` without its end, or around what is no name, is told with `name` ''. */
function usesOf(text: string): Use[] {
  const uses: Use[] = [];
  for (let at = text.indexOf('{{'); at >= 0; at = text.indexOf('{{', at)) {
    const close = text.indexOf('}}', at);
    const inside = close < 0 ? '' : text.slice(at + 2, close).trim();
    const name = namePattern.test(inside) ? inside : '';
    const end = name === '' ? at + 2 : close + 2;
    uses.push({ name, at, end });
    at = end;
  }
  return uses;
}

/** Line and column, from 1, of a place in a text. */
function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

/** Everything that is wrong with a template; none where it may be kept. */
export function violationsOf({ variables, texts, fallback }: TemplateBody): Violation[] {
  const wrong: Violation[] = [];
  const say = (pointer: string, rule: string, message: string): void => void wrong.push({ pointer, rule, message });
  const names = new Set<string>();
  variables.forEach(({ name, type, values, maxLength }, index) => {
    const at = `/variables/${index}`;
    if (!namePattern.test(name))
      say(`${at}/name`, 'matches', 'A name is a letter in lower case, then letters and digits.');
    else if (wellKnown.some((known) => known.name === name))
      say(`${at}/name`, 'wellKnown', `${name} is filled by the system.`);
    else if (names.has(name)) say(`${at}/name`, 'unique', `${name} is declared twice.`);
    names.add(name);
    if (type === 'choice' && !values?.length) say(`${at}/values`, 'isDefined', 'A choice needs values.');
    if (type !== 'choice' && values) say(`${at}/values`, 'type', 'Only a choice has values.');
    if (type !== 'text' && maxLength !== undefined) say(`${at}/maxLength`, 'type', 'Only a text has a maxLength.');
  });
  const languages = new Set<string>();
  texts.forEach(({ language, text }, index) => {
    const at = `/texts/${index}`;
    const tag = canonical(language);
    if (tag === undefined) say(`${at}/language`, 'language', 'language must be a BCP 47 tag, such as de or pt-BR.');
    else if (languages.has(tag)) say(`${at}/language`, 'unique', `There are two texts in ${tag}.`);
    else languages.add(tag);
    const known = [...names, ...wellKnown.map(({ name }) => name)];
    for (const use of usesOf(text)) {
      const place = placeOf(text, use.at);
      if (use.name === '') say(`${at}/text`, 'syntax', `${place}: after {{ there must be a name and }}.`);
      else if (!known.includes(use.name)) {
        const near = nearest(use.name, known);
        say(
          `${at}/text`,
          'unknownVariable',
          `${place}: ${use.name} is not declared${near.length > 0 ? `; is it ${near.join(' or ')}?` : '.'}`,
        );
      }
    }
  });
  const tag = canonical(fallback);
  if (tag === undefined || !languages.has(tag))
    say('/fallback', 'isIn', 'fallback must be the language of one of the texts.');
  return wrong;
}

const canonical = (language: string): string | undefined => {
  if (!languagePattern.test(language)) return undefined;
  try {
    return Intl.getCanonicalLocales(language)[0];
  } catch {
    return undefined;
  }
};

/** Names that differ by a third of their letters at most, the nearest first; three at most. */
export function nearest(name: string, names: readonly string[]): string[] {
  return names
    .map((known) => ({ known, distance: distanceOf(name.toLowerCase(), known.toLowerCase()) }))
    .filter(({ known, distance }) => distance <= Math.max(1, Math.ceil(Math.max(name.length, known.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ known }) => known);
}

/** Letters to insert, remove or replace. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_x, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** The text of a language: its own, that of a wider tag (de for de-AT), any of the same language, else the fallback. */
export function textFor(
  { texts, fallback }: TemplateBody,
  wanted: string | undefined,
): { language: string; text: string } {
  const find = (tag: string | undefined) => texts.find(({ language }) => canonical(language) === tag);
  const asked = wanted === undefined ? undefined : canonical(wanted);
  for (let tag = asked; tag; tag = tag.includes('-') ? tag.slice(0, tag.lastIndexOf('-')) : undefined) {
    const found = find(tag);
    if (found) return found;
  }
  const primary = asked?.split('-')[0];
  return (
    texts.find(({ language }) => primary !== undefined && language.split('-')[0]!.toLowerCase() === primary) ??
    find(canonical(fallback))!
  );
}

export type Rendered =
  | { readonly kind: 'rendered'; readonly text: string; readonly language: string; readonly isFallback: boolean }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] };

/**
 * A template's text in a language. What is given counts before what the system knows; numbers, dates and money are
 * written as that language writes them, and nothing in a value is read as a template.
 */
export function render(
  body: TemplateBody,
  wanted: string | undefined,
  given: Readonly<Record<string, Value>>,
  known: Readonly<Record<string, Value>>,
): Rendered {
  const { language, text } = textFor(body, wanted);
  const declared = [...body.variables, ...wellKnown];
  const violations: Violation[] = [];
  for (const name of Object.keys(given)) {
    if (declared.some((variable) => variable.name === name)) continue;
    const near = nearest(
      name,
      declared.map((variable) => variable.name),
    );
    const hint = near.length > 0 ? ` Is it ${near.join(' or ')}?` : '';
    violations.push({
      pointer: pointerTo(name),
      rule: 'unknownVariable',
      message: `The template has no such variable.${hint}`,
    });
  }
  const uses = usesOf(text);
  const values = new Map<string, string>();
  for (const variable of declared) {
    const { name, required } = variable;
    const isUsed = uses.some((use) => use.name === name);
    const value = Object.hasOwn(given, name) ? given[name] : Object.hasOwn(known, name) ? known[name] : undefined;
    if (value === undefined) {
      if (isUsed && required)
        violations.push({ pointer: pointerTo(name), rule: 'isDefined', message: `${name} is needed, and not known.` });
      continue;
    }
    const written = write(variable, value, language);
    if (typeof written === 'string') values.set(name, written);
    else violations.push({ pointer: pointerTo(name), ...written });
  }
  if (violations.length > 0) return { kind: 'invalid', violations };
  let filled = '';
  let from = 0;
  for (const { name, at, end } of uses) {
    filled += text.slice(from, at) + (values.get(name) ?? '');
    from = end;
  }
  filled += text.slice(from);
  if (filled.length > maxReplyLength || filled.trim() === '') {
    const message = `A reply has 1 to ${maxReplyLength} characters; this has ${filled.trim() === '' ? 'none' : filled.length}.`;
    return { kind: 'invalid', violations: [{ pointer: '/variables', rule: 'length', message }] };
  }
  const isFallback =
    wanted !== undefined && language.split('-')[0]!.toLowerCase() !== wanted.split('-')[0]!.toLowerCase();
  return { kind: 'rendered', text: filled, language, isFallback };
}

const pointerTo = (name: string): string => `/variables/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const currencies = new Set(Intl.supportedValuesOf('currency'));

/** A value as a language writes it, or what is wrong with it. */
function write(
  { type, values, maxLength = usualMaxLength }: Variable,
  value: Value,
  language: string,
): string | Omit<Violation, 'pointer'> {
  const wrong = (message: string): Omit<Violation, 'pointer'> => ({ rule: type, message });
  switch (type) {
    case 'text':
      if (typeof value !== 'string') return wrong('This must be a text.');
      return value.length <= maxLength ? value : wrong(`This has at most ${maxLength} characters.`);
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return wrong('This must be a number.');
      return new Intl.NumberFormat(language, { maximumFractionDigits: 10 }).format(value);
    case 'date': {
      const date =
        typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined;
      if (!date || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== value) {
        return wrong('This must be a day: yyyy-mm-dd.');
      }
      return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(date);
    }
    case 'money': {
      const [, amount, currency] =
        (typeof value === 'string' && /^(-?\d{1,12}(?:\.\d{1,4})?) ([A-Z]{3})$/.exec(value)) || [];
      if (amount === undefined || currency === undefined || !currencies.has(currency)) {
        return wrong('This must be an amount and a currency: 12.50 EUR.');
      }
      return new Intl.NumberFormat(language, { style: 'currency', currency }).format(Number(amount));
    }
    case 'url': {
      const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
      return url && ['http:', 'https:'].includes(url.protocol)
        ? url.href
        : wrong('This must be an http or https address.');
    }
    case 'choice':
      return typeof value === 'string' && values!.includes(value)
        ? value
        : wrong(`This must be one of ${values!.join(', ')}.`);
  }
}
