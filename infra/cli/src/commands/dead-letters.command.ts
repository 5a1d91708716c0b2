import { setTimeout as pause } from 'node:timers/promises';
import { deadLetterReasons } from '@closeloop/contracts';
import { counted, idOf, readWords, table, timesOf, UsageError, type Command, type Surroundings } from '../command.js';
import { Services } from '../services.client.js';

interface Letter {
  readonly id: string;
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly source?: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly reason: string;
  readonly message: string;
  readonly attempts: number;
  readonly diedAt: string;
  readonly state: string;
  readonly replay?: { at: string; by: string; times: number; became: string; failedAs?: string };
  readonly discarded?: { at: string; by: string; reason: string };
}
type Shown = { text: string } | { base64: string };
interface WholeLetter extends Letter {
  readonly stack?: string;
  readonly key: Shown | null;
  readonly headers: Record<string, string>;
  readonly valueBytes: number | null;
  readonly erased: boolean;
  readonly value?: Shown | null;
}
interface Done {
  readonly results: readonly { id: string; result: string; failedAs?: string }[];
  readonly remaining: number;
  readonly next?: string;
}

const filterOptions = {
  topic: { type: 'string' },
  group: { type: 'string' },
  reason: { type: 'string' },
  source: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  state: { type: 'string' },
} as const;
type Filter = { [Name in keyof typeof filterOptions]?: string };

const letterStates = ['open', 'replayed', 'settled', 'discarded'];
const usualWaitSeconds = 30;
/** Characters of a message in the list. */
const shownMessage = 80;
/** Most ids of one request. */
const atOnce = 200;

export const deadLetters: Command = {
  name: 'dead-letters',
  summary: 'what died on its way: list, show, replay, discard',
  help: `npx closeloop dead-letters list [filters] [--limit 50] [--json]
npx closeloop dead-letters show <id> [--value] [--json]
npx closeloop dead-letters replay <id>… | filters | --all   [--again] [--wait 30] [--json]
npx closeloop dead-letters discard <id>… | filters | --all   --because <why> [--json]

Filters: --topic T  --group G  --reason R  --source S  --from TIME  --to TIME  --state open | replayed | discarded | settled
Reasons: ${deadLetterReasons.join(', ')}
(times of death: 2026-11-22T08:00:00Z, a day, or 2h for two hours ago). replay and discard take what is open unless told otherwise.

list     oldest first
show     why, where, how often, its headers; --value: what it holds, for admins, and audited
replay   sends them to where they came from, for the group that failed alone; waits --wait seconds and says what became of each. Asked
         twice it is sent once; --again sends also what is under way or discarded. Exit 1 unless all are settled
discard  notes that nobody is to do more about them; they stay readable

  npx closeloop dead-letters list --reason handler-error --from 2h
  npx closeloop dead-letters replay --topic feedback.tagged.v1 --reason handler-error
  npx closeloop dead-letters discard 0b4e7a4e-94e9-5f4e-8a3c-1d1f6f2f3a4b --because "a test of the connector"
`,
  async run([action, ...words], surroundings) {
    switch (action) {
      case 'list':
        return list(words, surroundings);
      case 'show':
        return show(words, surroundings);
      case 'replay':
        return replay(words, surroundings);
      case 'discard':
        return discard(words, surroundings);
      default:
        throw new UsageError(`Say list, show, replay or discard${action === undefined ? '' : `, not "${action}"`}.`);
    }
  },
};

async function list(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values } = readWords(words, {
    ...filterOptions,
    limit: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  });
  const { limit, json, ...filter } = values;
  const most = wholeOf('--limit', limit);
  const asked = timed(filter);
  const services = await Services.find(surroundings);
  const found: Letter[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({
      ...asked,
      limit: String(Math.min(atOnce, most - found.length)),
      ...(cursor !== undefined && { cursor }),
    });
    const page = await services.get<{ items: Letter[]; cursor?: string }>(
      'ingestion',
      `/v1/dead-letters?${query.toString()}`,
    );
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < most);

  if (json) surroundings.out(`${JSON.stringify(found, null, 2)}\n`);
  else if (found.length === 0) surroundings.out('There is none.\n');
  else {
    surroundings.out(
      table([
        ['id', 'died', 'state', 'topic', 'group', 'reason', 'source', 'feedback', 'message'],
        ...found.map((letter) => [
          ...[
            letter.id,
            letter.diedAt,
            stateOf(letter),
            letter.topic,
            letter.group,
            letter.reason,
            letter.source ?? '-',
          ],
          letter.feedbackId ? `${letter.feedbackId}${letter.revision ? ` #${letter.revision}` : ''}` : '-',
          cut(letter.message.replaceAll(/\s+/g, ' ')),
        ]),
      ]),
    );
    if (cursor !== undefined) surroundings.out(`There are more: --limit ${most * 2}, or a narrower filter.\n`);
  }
  return 0;
}

async function show(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = readWords(
    words,
    { value: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    { names: ['<id>'] },
  );
  const services = await Services.find(surroundings);
  const letter = await services.get<WholeLetter>(
    'ingestion',
    `/v1/dead-letters/${idOf(positionals[0]!)}${values.value ? '?value=true' : ''}`,
  );
  if (values.json) {
    surroundings.out(`${JSON.stringify(letter, null, 2)}\n`);
    return 0;
  }
  const { replay: again, discarded } = letter;
  const rows: [string, string | undefined][] = [
    ['id', letter.id],
    ['state', stateOf(letter)],
    ['feedback', letter.feedbackId && `${letter.feedbackId}${letter.revision ? ` #${letter.revision}` : ''}`],
    ['source', letter.source],
    ['died', `${letter.diedAt}, in ${letter.group}, after ${counted(letter.attempts, 'attempt')}`],
    ['where', `${letter.topic}, partition ${letter.partition}, offset ${letter.offset}`],
    ['reason', letter.reason],
    ['message', letter.erased ? '(erased)' : letter.message],
    [
      'replayed',
      again &&
        `${again.at} by ${again.by}, ${counted(again.times, 'time')}: ${again.became}${again.failedAs ? ` as ${again.failedAs}` : ''}`,
    ],
    ['discarded', discarded && `${discarded.at} by ${discarded.by}: ${discarded.reason}`],
    ['key', textOf(letter.key)],
    [
      'value',
      letter.value === undefined ? `${letter.valueBytes ?? 0} bytes (--value shows them)` : textOf(letter.value),
    ],
    ...Object.entries(letter.headers).map(([name, value]): [string, string] => [`header ${name}`, value]),
    ['stack', letter.stack && `\n${letter.stack}`],
  ];
  surroundings.out(table(rows.filter((row): row is [string, string] => row[1] !== undefined)));
  return 0;
}

async function replay(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = readWords(
    words,
    {
      ...filterOptions,
      all: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
      wait: { type: 'string', default: String(usualWaitSeconds) },
      json: { type: 'boolean', default: false },
    },
    { names: ['<id>…'], least: 0, most: Infinity },
  );
  const { all, again, wait, json, ...filter } = values;
  const seconds = wholeOf('--wait', wait, 0);
  const chosen = chosenOf(positionals, filter, all);
  const services = await Services.find(surroundings);
  const done = await each(services, 'replay', chosen, { again }, surroundings);

  const became = new Map(
    done.map((one) => [one.id, { ...one, became: one.result === 'settled' ? 'settled' : one.result }]),
  );
  const open = new Set(done.filter(({ result }) => result === 'sent' || result === 'under-way').map(({ id }) => id));
  for (const deadline = Date.now() + seconds * 1_000; open.size > 0;) {
    for (const id of open) {
      const letter = await services.get<Letter>('ingestion', `/v1/dead-letters/${id}`);
      const fate = letter.replay?.became ?? 'under-way';
      became.set(id, {
        ...became.get(id)!,
        became: fate,
        ...(letter.replay?.failedAs && { failedAs: letter.replay.failedAs }),
      });
      if (fate !== 'under-way') open.delete(id);
    }
    if (Date.now() >= deadline || open.size === 0) break;
    await pause(500);
  }

  const results = [...became.values()];
  if (json) surroundings.out(`${JSON.stringify({ results }, null, 2)}\n`);
  else if (results.length === 0) surroundings.out('There is none to be replayed.\n');
  else {
    surroundings.out(
      table(
        results.map(({ id, result, became: fate, failedAs }) => [
          id,
          result,
          `${fate}${failedAs ? ` as ${failedAs}` : ''}`,
        ]),
      ),
    );
    if (open.size > 0)
      surroundings.out(
        `${open.size} ${open.size === 1 ? 'is' : 'are'} under way still; \`dead-letters show\` tells what becomes of them.\n`,
      );
  }
  return results.every(({ became: fate }) => fate === 'settled') ? 0 : 1;
}

async function discard(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = readWords(
    words,
    {
      ...filterOptions,
      all: { type: 'boolean', default: false },
      because: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    { names: ['<id>…'], least: 0, most: Infinity },
  );
  const { all, because, json, ...filter } = values;
  if (!because) throw new UsageError('Say why: --because "…".');
  const chosen = chosenOf(positionals, filter, all);
  const results = await each(await Services.find(surroundings), 'discard', chosen, { reason: because }, surroundings);
  if (json) surroundings.out(`${JSON.stringify({ results }, null, 2)}\n`);
  else if (results.length === 0) surroundings.out('There is none to be discarded.\n');
  else surroundings.out(table(results.map(({ id, result }) => [id, result])));
  return results.every(({ result }) => result !== 'unknown') ? 0 : 1;
}

type Chosen = { ids: readonly string[] } | { filter: Filter };

function chosenOf(ids: readonly string[], filter: Filter, all: boolean): Chosen {
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if ([ids.length > 0, filtered, all].filter(Boolean).length !== 1)
    throw new UsageError('Give ids, filters, or --all: one of the three.');
  return ids.length > 0 ? { ids: ids.map(idOf) } : { filter: timed(filter) };
}

/** Page by page, or so many ids at once. */
async function each(
  services: Services,
  action: 'replay' | 'discard',
  chosen: Chosen,
  more: object,
  { err }: Surroundings,
): Promise<{ id: string; result: string; failedAs?: string }[]> {
  const results: { id: string; result: string; failedAs?: string }[] = [];
  const ask = async (body: object): Promise<string | undefined> => {
    const done = await services.postPatiently<Done>(
      'ingestion',
      `/v1/dead-letters/${action}`,
      { ...body, ...more },
      (why) => err(`${why}; waiting\n`),
    );
    results.push(...done.results);
    return done.next;
  };
  if ('ids' in chosen) {
    for (let at = 0; at < chosen.ids.length; at += atOnce) await ask({ ids: chosen.ids.slice(at, at + atOnce) });
  } else {
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false)
      cursor = await ask({ filter: chosen.filter, ...(cursor !== undefined && { cursor }) });
  }
  return results;
}

/** What is asked for, checked. @throws UsageError */
function timed({ from, to, ...filter }: Filter): Record<string, string> {
  const { reason } = filter;
  if (reason !== undefined && !deadLetterReasons.some((known) => known === reason))
    throw new UsageError(`--reason ${reason}: it is one of ${deadLetterReasons.join(', ')}.`);
  if (filter.state !== undefined && !letterStates.includes(filter.state))
    throw new UsageError(`--state ${filter.state}: it is one of ${letterStates.join(', ')}.`);
  return Object.fromEntries(
    Object.entries({ ...filter, ...timesOf({ from, to }) }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

const cut = (text: string): string => (text.length > shownMessage ? `${text.slice(0, shownMessage - 1)}…` : text);

const stateOf = ({ state, replay: again }: Letter): string =>
  state === 'replayed' && again ? `replayed: ${again.became}` : state;

const textOf = (shown: Shown | null): string =>
  shown === null ? '(none)' : 'text' in shown ? shown.text : `base64 ${shown.base64}`;

function wholeOf(option: string, text: string, least = 1): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) < least)
    throw new UsageError(`${option} takes a number from ${least} on.`);
  return Number(text);
}
