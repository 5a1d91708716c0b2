import { readFile } from 'node:fs/promises';
import { counted, Failure, readWords, table, timesOf, UsageError, type Command } from '../command.js';
import { Services } from '../services.client.js';

interface Rule {
  readonly name: string;
  readonly when: string;
  readonly team: string;
  readonly priority: string;
  readonly slaPolicy: string;
  readonly labels: readonly string[];
  readonly loop: string;
}

interface Heading {
  readonly id: string;
  readonly state: 'draft' | 'active' | 'retired';
  readonly version?: number;
  readonly basedOn?: number;
  readonly from?: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly activatedAt?: string;
  readonly ruleCount: number;
}

interface RuleSet extends Omit<Heading, 'ruleCount'> {
  readonly rules: readonly Rule[];
  readonly history: readonly { step: string; at: string; by: string; reason?: string }[];
}

interface Explanation {
  readonly ruleSet: string;
  readonly route: {
    readonly team: string;
    readonly rule: string;
    readonly priority: string;
    readonly slaPolicy: string;
    readonly loop: string;
    readonly fallback?: { team: string; topic: string; confidence: number; applied: boolean };
  };
  readonly rules: readonly {
    readonly name: string;
    readonly team: string;
    readonly matched: boolean;
    readonly wins?: boolean;
    readonly because?: readonly {
      part: string;
      saw: readonly { field: string; value?: unknown; absent?: boolean }[];
    }[];
    readonly failed?: string;
  }[];
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

interface Report {
  readonly kind: 'report';
  readonly ruleSet: string;
  readonly against: string;
  readonly lookedAt: number;
  readonly changed: number;
  readonly moved: number;
  readonly teams: readonly (Move & { examples: readonly { excerpt: string; rules: readonly [string, string] }[] })[];
  readonly priorities: readonly Move[];
  readonly loops: readonly Move[];
  readonly slaPolicies: readonly Move[];
  readonly relabelled: number;
  readonly rules: readonly { name: string; before?: number; after?: number }[];
  readonly failures: readonly { rule: string; count: number }[];
  readonly refused?: number;
}

type Line =
  | Report
  | { readonly kind: 'progress'; readonly lookedAt: number; readonly moved: number; readonly of?: number }
  | {
      readonly kind: 'refused';
      readonly line: number;
      readonly errors: readonly { pointer: string; message: string }[];
    }
  | { readonly kind: 'stopped'; readonly problem: { readonly detail?: string; readonly title: string } };

export const rules: Command = {
  name: 'rules',
  summary: 'rule sets: list, show, write a draft, explain, try on what was said, activate',
  help: `npx closeloop rules list [--json]
npx closeloop rules show ID [--json]
npx closeloop rules draft FILE [--based-on VERSION] [--reason WHY]
npx closeloop rules explain ID --feedback FEEDBACK_ID [--json]
npx closeloop rules dry-run ID [--from TIME] [--to TIME] [--file FILE] [--against ID] [--json]
npx closeloop rules activate ID --reason WHY [--based-on VERSION]

ID is draft-3, a version such as 12, or active. FILE of draft: JSON with rules, such as \`show --json\` prints. explain says of each rule whether it
matched, or what of it was false. dry-run says what would move from which team to which: over the feedback that is kept (the last 30 days), or over a
file of feedback or of {feedback, tags}, one a line; against the active rules unless told otherwise; Ctrl-C ends it. activate also takes a
retired version: its rules become the next one. TIME as in \`closeloop republish\`. docs/rules.md shows all of it.

  npx closeloop rules show active --json > rules.json
  npx closeloop rules draft rules.json --reason 'the spa has a team of its own'
  npx closeloop rules dry-run draft-4 --from 30d
  npx closeloop rules activate draft-4 --reason 'tried on October'
`,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      words,
      {
        ...{ feedback: { type: 'string' }, file: { type: 'string' }, against: { type: 'string' } },
        ...{ from: { type: 'string' }, to: { type: 'string' }, reason: { type: 'string' } },
        ...{ 'based-on': { type: 'string' }, json: { type: 'boolean', default: false } },
      } as const,
      { names: ['list | show ID | draft FILE | explain ID | dry-run ID | activate ID'], least: 1, most: 2 },
    );
    const [action, subject] = positionals;
    const { out } = surroundings;
    const tell = (answer: object, told: () => string) => out(values.json ? `${JSON.stringify(answer)}\n` : told());
    const services = await Services.find(surroundings);
    if (action === 'list') {
      if (subject !== undefined) throw new UsageError(`"${subject}" is one word too many.`);
      const answer = await services.get<{ items: readonly Heading[] }>('routing', '/v1/rule-sets');
      tell(answer, () => table(answer.items.map(headingRow)));
      return 0;
    }
    if (subject === undefined) throw new UsageError(action === 'draft' ? 'Give FILE.' : 'Give ID.');
    const path = `/v1/rule-sets/${encodeURIComponent(subject)}`;
    const { reason } = values;
    const basedOn = values['based-on'] === undefined ? undefined : Number(values['based-on']);
    switch (action) {
      case 'show': {
        const ruleSet = await services.get<RuleSet>('routing', path);
        tell(ruleSet, () => shown(ruleSet));
        return 0;
      }
      case 'draft': {
        const body = { rules: await rulesOf(subject), ...(reason !== undefined && { reason }) };
        const ruleSet = await services.post<RuleSet>('routing', '/v1/rule-sets', {
          ...{ ...body, ...(basedOn !== undefined && { basedOn }) },
        });
        tell(ruleSet, () => `${ruleSet.id}: ${counted(ruleSet.rules.length, 'rule', 'rules')}\n`);
        return 0;
      }
      case 'explain': {
        if (values.feedback === undefined) throw new UsageError('--feedback FEEDBACK_ID is missing.');
        const explanation = await services.post<Explanation>('rehearsal', `${path}/explain`, {
          feedbackId: values.feedback,
        });
        tell(explanation, () => explained(explanation));
        return 0;
      }
      case 'dry-run':
        return dryRun(services, path, { ...values, ...timesOf(values) }, surroundings);
      case 'activate': {
        if (reason === undefined) throw new UsageError('--reason WHY is missing: it is kept with the rule set.');
        const ruleSet = await services.post<RuleSet>('routing', `${path}/activate`, {
          ...{ reason, ...(basedOn !== undefined && { basedOn }) },
        });
        tell(ruleSet, () => `Version ${ruleSet.version} is active.\n`);
        return 0;
      }
      default:
        throw new Failure(`rules ${action} is nothing: list, show, draft, explain, dry-run or activate`, 2);
    }
  },
};

interface Wish {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly file?: string | undefined;
  readonly against?: string | undefined;
  readonly json: boolean;
}

async function dryRun(
  services: Services,
  path: string,
  { from, to, file, against, json }: Wish,
  { out, err }: Parameters<Command['run']>[1],
): Promise<number> {
  if (file !== undefined && (from !== undefined || to !== undefined)) {
    throw new UsageError('Give --file, or a period.');
  }
  const query = file !== undefined && against !== undefined ? `?${new URLSearchParams({ against }).toString()}` : '';
  const body = file ?? {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(against !== undefined && { against }),
  };
  for await (const line of services.lines<Line>('rehearsal', `${path}/dry-run${query}`, body)) {
    switch (line.kind) {
      case 'progress':
        if (!json && line.lookedAt > 0) {
          err(`${line.lookedAt}${line.of === undefined ? '' : ` of ${line.of}`} looked at, ${line.moved} move\n`);
        }
        break;
      case 'refused':
        err(
          `line ${line.line}: ${line.errors.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ')}\n`,
        );
        break;
      case 'stopped':
        throw new Failure(`it broke off: ${line.problem.detail ?? line.problem.title}`);
      case 'report':
        out(json ? `${JSON.stringify(line)}\n` : reported(line));
        return 0;
    }
  }
  throw new Failure('the answer broke off before the report');
}

async function rulesOf(file: string): Promise<unknown> {
  let read: unknown;
  try {
    read = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${(error as Error).message}`, 2);
  }
  if (Array.isArray(read)) return read;
  if (typeof read === 'object' && read !== null && 'rules' in read) return read.rules;
  throw new Failure(`${file} has no rules: it is to be a list of them, or an object with rules.`, 2);
}

const headingRow = ({ id, state, from, ruleCount, createdAt, createdBy, activatedAt, basedOn }: Heading): string[] => [
  `${state === 'active' ? '* ' : '  '}${id}`,
  state,
  counted(ruleCount, 'rule', 'rules'),
  activatedAt ? `active from ${activatedAt}` : `written ${createdAt}`,
  `by ${createdBy}${from === undefined ? '' : `, from ${from}`}${basedOn === undefined ? '' : `, based on ${basedOn}`}`,
];

function shown({ id, state, rules: all, history }: RuleSet): string {
  const steps = history.map(({ step, at, by, reason }) => [`  ${step}`, at, `by ${by}`, reason ?? '']);
  const told = all.map(({ name, when, team, priority, slaPolicy, labels, loop }, at) => {
    const does = [team, priority, slaPolicy, loop, ...labels.map((label) => `#${label}`)].join(' · ');
    return `${String(at + 1).padStart(4)}. ${name} → ${does}\n      ${when.replaceAll('\n', '\n      ')}\n`;
  });
  return `${id}, ${state}\n${table(steps)}${told.join('')}      default → triage\n`;
}

/** Of a part of a condition or of a value, as much as a line has room for; --json has all of it */
const cut = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

const valueText = ({ field, value, absent }: { field: string; value?: unknown; absent?: boolean }): string =>
  absent ? `${field} is absent` : `${field} is ${cut(JSON.stringify(value))}`;

function explained({ ruleSet, route, rules: all }: Explanation): string {
  const rows = all.map(({ name, team, matched, wins, because, failed }) => {
    if (failed !== undefined) return [`  ${name}`, `failed (${failed})`];
    if (matched) return [`${wins ? '* ' : '  '}${name}`, wins ? `matches → ${team}` : 'would match, too late'];
    const parts = (because ?? []).map(({ part, saw }) => `${cut(part)} [${saw.map(valueText).join(', ')}]`);
    return [`  ${name}`, `false: ${parts.join(' and ')}`];
  });
  const { team, priority, slaPolicy, loop, rule, fallback } = route;
  const learned = fallback
    ? `Learned: ${fallback.topic} belongs to ${fallback.team}, ${Math.round(100 * fallback.confidence)} % sure at least${fallback.applied ? '' : '; proposed only'}\n`
    : '';
  return `${table(rows)}By ${ruleSet}: ${team}, ${priority}, ${slaPolicy}, loop ${loop} (${rule})\n${learned}`;
}

function reported(report: Report): string {
  const { ruleSet, against, lookedAt, changed, moved, teams, relabelled, failures, refused } = report;
  const share = lookedAt === 0 ? '' : ` (${((100 * moved) / lookedAt).toFixed(1)} %)`;
  const moves = (name: string, all: readonly Move[]) =>
    all.map(({ from, to, count }) => [`  ${name}`, `${from} → ${to}`, String(count)]);
  return [
    `${ruleSet} against ${against}: of ${counted(lookedAt, 'feedback', 'feedback')} ${moved} move${share}, ${changed} change in all\n`,
    ...teams.map(
      ({ from, to, count, examples }) =>
        `  ${from} → ${to}: ${count}\n${examples.map(({ excerpt, rules: [before, after] }) => `      ${before} → ${after}: ${excerpt}\n`).join('')}`,
    ),
    table([
      ...moves('priority', report.priorities),
      ...moves('SLA policy', report.slaPolicies),
      ...moves('loop', report.loops),
      ...(relabelled > 0 ? [['  labels alone', '', String(relabelled)]] : []),
    ]),
    'Rules that decide, before and after:\n',
    table(
      report.rules
        .filter(({ before, after }) => (before ?? -1) !== (after ?? -1))
        .map(({ name, before, after }) => [`  ${name}`, `${before ?? '-'} → ${after ?? '-'}`]),
    ),
    ...failures.map(({ rule, count }) => `Failed: ${rule}, ${count} times\n`),
    ...(refused ? [`${counted(refused, 'line was', 'lines were')} refused\n`] : []),
  ].join('');
}
