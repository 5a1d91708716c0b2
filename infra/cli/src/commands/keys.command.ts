import { readWords, UsageError, type Command } from '../command.js';
import { asOurs, connections } from '../connections.js';
import { runProgram } from '../program.js';
import { programOf } from '../workspace.js';

export const keys: Command = {
  name: 'keys',
  summary: 'API keys of connectors: create, list, revoke',
  help: `npx closeloop keys create --source <source> [--name <name>]
npx closeloop keys list
npx closeloop keys revoke <id>

A connector's key is shown once, when it is made. DATABASE_URL says where they are kept.

  npx closeloop keys create --source reviews --name "the review poller"
`,
  async run(words, surroundings) {
    // before a database is asked for
    const { values, positionals } = readWords(
      words,
      { source: { type: 'string' }, name: { type: 'string' }, json: { type: 'boolean' } },
      { names: ['create, list or revoke', '<id>'], least: 1 },
    );
    const [action, id] = positionals as [string, string?];
    if (!['create', 'list', 'revoke'].includes(action))
      throw new UsageError(`Say create, list or revoke, not "${action}".`);
    if (action === 'create' && values.source === undefined) throw new UsageError('Give --source.');
    if (action === 'revoke' && id === undefined) throw new UsageError('Give <id>.');
    const env = await connections(surroundings, 'DATABASE_URL');
    surroundings.out(await runProgram(programOf('ingestion', 'keys.js'), words, env).catch(asOurs));
    return 0;
  },
};
