import { Failure, readWords, table, UsageError, type Command } from '../command.js';
import { Services } from '../services.client.js';

interface Activation {
  readonly version: string;
  readonly name: string;
  readonly rollback: boolean;
  readonly at?: string;
  readonly by?: string;
  readonly reason?: string;
}

interface PairedTest {
  readonly n: number;
  readonly rightBefore: number;
  readonly rightAfter: number;
  readonly p: number;
}

type Trials = Readonly<
  Record<
    string,
    {
      readonly heldBack: PairedTest;
      readonly ordinary: PairedTest & { readonly borne: boolean };
      readonly better: boolean;
    }
  >
>;

interface Models {
  readonly shipped: string;
  readonly active: Activation;
  readonly models: readonly {
    readonly version: string;
    readonly base: string;
    readonly madeAt: string;
    readonly comparedWith: string;
    readonly corrections: number;
    readonly trials: Trials;
  }[];
  readonly activations: readonly Activation[];
}

interface Learned {
  readonly corrections: number;
  readonly rated: number;
  readonly trials: Trials;
  readonly version?: string;
  readonly activated: boolean;
  readonly held?: string;
}

/** Learning reads all corrections, and takes its time. */
const learnsWithinMs = 600_000;

const trialsOf = (trials: Trials): string =>
  Object.entries(trials)
    .map(
      ([
        name,
        {
          heldBack: { n, rightBefore, rightAfter, p },
          better,
        },
      ]) =>
        `${name} ${rightBefore} → ${rightAfter} of ${n} right (p ${p.toPrecision(2)})${better ? '' : ', not better'}`,
    )
    .join('; ') || 'too little was said to learn from: ten of a kind';

export const models: Command = {
  name: 'models',
  summary: 'the models that were learned from corrections: which one judges, learn, activate, roll back',
  help: `npx closeloop models [--json]
npx closeloop models learn
npx closeloop models activate VERSION --reason WHY
npx closeloop models rollback --reason WHY

Learning goes on by itself while people correct tags (POST /v1/feedback/<id>/tags); \`learn\` does it now. A model becomes active only where
it is surely better, on corrections that no model ever learns from, than the one that is, and judges ordinary texts nearly as well as what ships.
\`rollback\` goes back to what was active before; from then on, and while \`shipped\` was activated, a better one waits until somebody activates a
version. VERSION is that of the list, or \`shipped\`: none of one's own. What was tagged meanwhile stays: see closeloop retag.

  npx closeloop models
  npx closeloop models rollback --reason 'praise from the kids line is tagged negative'
`,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      words,
      { reason: { type: 'string' }, json: { type: 'boolean', default: false } },
      { names: ['learn | activate VERSION | rollback'], least: 0, most: 2 },
    );
    const [action, version] = positionals;
    const { out } = surroundings;
    const tell = (answer: object, text: () => string) => out(values.json ? `${JSON.stringify(answer)}\n` : text());
    if (version !== undefined && action !== 'activate') throw new UsageError(`"${version}" is one word too many.`);
    const services = await Services.find(surroundings, learnsWithinMs);
    const because = () => {
      if (values.reason === undefined) throw new UsageError('--reason WHY is missing: it is kept with the change.');
      return { reason: values.reason };
    };
    const activated = (active: Activation) => tell(active, () => `Tags are made by ${active.name} from now on.\n`);
    switch (action) {
      case undefined:
        tell(...(await listed(services)));
        return 0;
      case 'learn': {
        const learned = await services.post<Learned>('learning', '/v1/models/learn', {});
        tell(learned, () => learnedText(learned));
        return 0;
      }
      case 'activate':
        if (version === undefined) throw new UsageError('Give VERSION.');
        activated(await services.post('learning', '/v1/models/active', { version, ...because() }));
        return 0;
      case 'rollback':
        activated(await services.post('learning', '/v1/models/rollback', because()));
        return 0;
      default:
        throw new Failure(`models ${action} is nothing: learn, activate VERSION or rollback`, 2);
    }
  },
};

async function listed(services: Services): Promise<[Models, () => string]> {
  const answer = await services.get<Models>('learning', '/v1/models');
  const { active, models: all, activations } = answer;
  return [
    answer,
    () =>
      [
        `Tags are made by ${active.name}.\n`,
        table(
          all.map(({ version, madeAt, comparedWith, corrections, trials }) => [
            ...[version === active.version ? `* ${version}` : `  ${version}`, madeAt, `${corrections} corrections`],
            `against ${comparedWith}: ${trialsOf(trials)}`,
          ]),
        ),
        ...(activations.length > 0 ? ['Activations, the last one first:\n'] : []),
        table(
          activations.map(({ at, version, by, rollback, reason }) => [
            ...[`  ${at}`, `${rollback ? 'back to ' : ''}${version}`, `${by}`, `${reason}`],
          ]),
        ),
      ].join(''),
  ];
}

function learnedText({ corrections, rated, trials, version, activated, held }: Learned): string {
  const from = `Learned from ${corrections} corrections and ${rated} ratings: ${trialsOf(trials)}.\n`;
  if (version === undefined) return `${from}Nothing is surely better than what is active: it stays.\n`;
  if (activated) return `${from}${version} is active.\n`;
  const why =
    held === 'by-person'
      ? 'somebody has rolled back or switched to what ships'
      : 'another version became active meanwhile';
  return `${from}${version} is better and not active, as ${why}: npx closeloop models activate ${version} --reason WHY\n`;
}
