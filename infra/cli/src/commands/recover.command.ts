import { readWords, timeOf, UsageError, type Command } from '../command.js';
import { asOurs, connections } from '../connections.js';
import { runProgram } from '../program.js';
import { programOf } from '../workspace.js';

export const recover: Command = {
  name: 'recover',
  summary: 'enter what was accepted after a backup of ingestion that was restored',
  help: `npx closeloop recover --since TIME [--force]

After ingestion's database was set back to a backup: enters every revision that was accepted since then and stands in Kafka's
feedback.received.v1 (seven days of them), as it was. Run it while ingestion does not run: what it accepts before this may take a number
that was given already. It refuses while ingestion runs (and six seconds after a kill), unless --force is given. Twice is harmless;
nothing is sent. TIME is some minutes before that of the backup. Needs DATABASE_URL and KAFKA_BROKERS. It says how many revisions were

entered     not in the store, and are now
known       in the store already
other       in the store with another content under that number, because ingestion ran in between: the store keeps what it has
strange     of another content than their hash says: not written by ingestion
unreadable  no event of the contract

  npx closeloop recover --since 2026-11-22T08:00:00Z
`,
  async run(words, surroundings) {
    const { values } = readWords(words, { since: { type: 'string' }, force: { type: 'boolean', default: false } });
    const since = timeOf('--since', values.since);
    if (since === undefined) throw new UsageError('Give --since.');
    const env = {
      ...(await connections(surroundings, 'KAFKA_BROKERS')),
      ...(await connections(surroundings, 'DATABASE_URL')),
    };
    const given = ['--since', since, ...(values.force ? ['--force'] : [])];
    surroundings.out(await runProgram(programOf('ingestion', 'recover.js'), given, env).catch(asOurs));
    return 0;
  },
};
