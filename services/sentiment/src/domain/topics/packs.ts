import { intentNames, topicNamePattern, urgencyLevels, type IntentName, type UrgencyLevel } from '@closeloop/contracts';

/** A topic as a pack has it. */
export interface TopicDefinition {
  /** Two levels at most, such as `billing/refund` */
  readonly name: string;
  /** Words that speak of it; their English inflections are known */
  readonly phrases: readonly string[];
  /** Texts that speak of it; with ten of them, those of corrections counted, it is learned */
  readonly examples?: readonly string[];
}

/** Topics of an industry, or of one company: data, see packs/topics/. */
export interface TopicPack {
  readonly name: string;
  readonly version: number;
  readonly topics: readonly TopicDefinition[];
}

export interface IntentPack {
  readonly version: number;
  /** The first that is found counts */
  readonly intents: readonly {
    readonly name: IntentName;
    readonly phrases: readonly string[];
    /** As those of topics */
    readonly examples?: readonly string[];
  }[];
}

/** What any company's customers say, and how it is meant: by hand. */
export interface PlainPack {
  readonly name: string;
  readonly version: number;
  readonly texts: Readonly<Record<'negative' | 'neutral' | 'positive', readonly string[]>>;
}

/** What is offered to whoever reads it, not said to the company. */
export interface SpamPack {
  readonly name: string;
  readonly version: number;
  readonly phrases: readonly string[];
}

export interface UrgencyPack {
  readonly version: number;
  readonly reasons: readonly {
    readonly name: string;
    readonly level: UrgencyLevel;
    readonly phrases: readonly string[];
  }[];
}

/** What is wrong with a pack, and where. */
export class BadPack extends Error {
  override readonly name = 'BadPack';
}

function fail(where: string, rule: string): never {
  throw new BadPack(`${where} ${rule}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function entriesOf(pack: unknown, list: string, where: string): Record<string, unknown>[] {
  if (!isObject(pack)) fail(where, 'must be an object');
  if (!Number.isInteger(pack['version'])) fail(`${where}: version`, 'must be a whole number');
  const entries = pack[list];
  if (!Array.isArray(entries)) fail(`${where}: ${list}`, 'must be a list');
  return entries.map((entry: unknown, at) => {
    const here = `${where}: ${list}[${at}]`;
    if (!isObject(entry)) fail(here, 'must be an object');
    checkStrings(entry, 'phrases', here);
    if (entry['examples'] !== undefined) checkStrings(entry, 'examples', here);
    return entry;
  });
}

function checkStrings(entry: Record<string, unknown>, name: string, where: string): void {
  const strings = entry[name];
  if (!Array.isArray(strings)) fail(`${where}.${name}`, 'must be a list of strings');
  strings.forEach((one: unknown, n) => {
    if (typeof one !== 'string' || !/[\p{L}\p{N}]/u.test(one)) {
      fail(`${where}.${name}[${n}]`, 'must be a string with a letter or a digit in it');
    }
  });
}

/** @throws BadPack */
export function topicPackOf(pack: unknown, where: string): TopicPack {
  const names = new Set<unknown>();
  entriesOf(pack, 'topics', where).forEach(({ name }, at) => {
    const here = `${where}: topics[${at}].name`;
    if (typeof name !== 'string' || !topicNamePattern.test(name)) {
      fail(here, 'must be one or two parts of lower-case letters, digits and hyphens, such as billing/refund');
    }
    if (names.has(name)) fail(here, `is there twice: ${name}`);
    names.add(name);
  });
  if (typeof (pack as TopicPack).name !== 'string') fail(`${where}: name`, 'must be a string');
  return pack as TopicPack;
}

/** @throws BadPack */
export function intentPackOf(pack: unknown, where: string): IntentPack {
  entriesOf(pack, 'intents', where).forEach(({ name }, at) => {
    if (!intentNames.includes(name as IntentName)) {
      fail(`${where}: intents[${at}].name`, `must be one of ${intentNames.join(', ')}`);
    }
  });
  return pack as IntentPack;
}

/** @throws BadPack */
export function urgencyPackOf(pack: unknown, where: string): UrgencyPack {
  entriesOf(pack, 'reasons', where).forEach(({ name, level }, at) => {
    if (typeof name !== 'string' || name === '') fail(`${where}: reasons[${at}].name`, 'must be a string');
    if (!urgencyLevels.includes(level as UrgencyLevel)) {
      fail(`${where}: reasons[${at}].level`, `must be one of ${urgencyLevels.join(', ')}`);
    }
  });
  return pack as UrgencyPack;
}

/** @throws BadPack */
export function spamPackOf(pack: unknown, where: string): SpamPack {
  if (!isObject(pack)) fail(where, 'must be an object');
  checkStrings(pack, 'phrases', where);
  return pack as unknown as SpamPack;
}

/** @throws BadPack */
export function plainPackOf(pack: unknown, where: string): PlainPack {
  if (!isObject(pack) || !isObject(pack['texts'])) fail(where, 'must be an object with texts');
  for (const label of ['negative', 'neutral', 'positive']) checkStrings(pack['texts'], label, `${where}: texts`);
  return pack as unknown as PlainPack;
}
