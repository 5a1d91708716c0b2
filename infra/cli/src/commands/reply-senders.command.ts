import { readWords, table, UsageError, type Command, type Surroundings } from '../command.js';
import { Services } from '../services.client.js';

interface Sender {
  readonly source: string;
  readonly kind: 'file' | 'webhook';
  readonly url?: string;
  readonly file?: string;
  readonly secret?: string;
  readonly changedAt: string;
  readonly changedBy: string;
}

const where = ({ url, file }: Sender): string => url ?? file ?? '';

export const replySenders: Command = {
  name: 'reply-senders',
  summary: 'who sends what agents answer: list, set, rotate, remove',
  help: `npx closeloop reply-senders list [--json]
npx closeloop reply-senders set <source> --file [--json]
npx closeloop reply-senders set <source> --webhook <url> [--secret whsec_…] [--json]
npx closeloop reply-senders rotate <source> [--secret whsec_…] [--overlap-seconds 86400] [--json]
npx closeloop reply-senders remove <source>

A source without a sender answers nobody: its replies fail at once, and the team is told. What a sender gets: docs/connectors.md.

set      a webhook keeps its secret when its address changes; its first one is drawn, and shown once
rotate   a new secret, shown once; the ones before it sign as well until the overlap ends

  npx closeloop reply-senders set reviews --webhook https://shop.example/replies
`,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      words,
      {
        file: { type: 'boolean' },
        webhook: { type: 'string' },
        secret: { type: 'string' },
        'overlap-seconds': { type: 'string' },
        json: { type: 'boolean' },
      },
      { names: ['list, set, rotate or remove', '<source>'], least: 1 },
    );
    const [action, source] = positionals as [string, string?];
    if (!['list', 'set', 'rotate', 'remove'].includes(action))
      throw new UsageError(`Say list, set, rotate or remove, not "${action}".`);
    if (action !== 'list' && source === undefined) throw new UsageError('Give <source>.');
    const { file, webhook, secret, json, 'overlap-seconds': overlap } = values;
    if (action === 'set' && (file === true) === (webhook !== undefined))
      throw new UsageError('Say --file or --webhook <url>, one of both.');
    if (overlap !== undefined && !/^\d{1,7}$/.test(overlap))
      throw new UsageError(`--overlap-seconds takes a number of seconds, not "${overlap}".`);
    const services = await Services.find(surroundings);
    const given = secret !== undefined && { secret };
    const path = `/v1/reply-senders/${encodeURIComponent(source ?? '')}`;
    switch (action) {
      case 'list': {
        const { senders } = await services.get<{ senders: Sender[] }>('ingestion', '/v1/reply-senders');
        const rows = senders.map((one) => [one.source, one.kind, where(one), `${one.changedAt} by ${one.changedBy}`]);
        surroundings.out(json ? `${JSON.stringify({ senders })}\n` : table([['source', 'by', 'to', 'since'], ...rows]));
        return 0;
      }
      case 'set': {
        const sender = webhook === undefined ? { kind: 'file' } : { kind: 'webhook', url: webhook, ...given };
        tell(surroundings, json, await services.put<Sender>('ingestion', path, sender));
        return 0;
      }
      case 'rotate': {
        const change = { ...given, ...(overlap !== undefined && { overlapSeconds: Number(overlap) }) };
        tell(surroundings, json, await services.post<Sender>('ingestion', `${path}/secrets`, change));
        return 0;
      }
      default:
        await services.delete('ingestion', path);
        surroundings.out(json ? '{}\n' : `Nobody sends replies for ${source} any more.\n`);
        return 0;
    }
  },
};

function tell({ out }: Surroundings, json: boolean | undefined, sender: Sender): void {
  if (json) return out(`${JSON.stringify(sender)}\n`);
  const { source, kind, secret } = sender;
  out(`${source}: by ${kind}, to ${where(sender)}\n${secret === undefined ? '' : `secret, shown once: ${secret}\n`}`);
}
