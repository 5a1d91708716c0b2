import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { signLocalToken } from '@closeloop/embedded';
import { runningInstance } from './instance.js';
import { prepareStores } from './platform.js';
import { runProgram, type Env } from './program.js';
import { programOf, workspaceRoot } from './workspace.js';

const USAGE = `closeloop <command>

  migrate                                   databases and their tables, of every service
  topics                                    Kafka's topics, as the contracts declare them
  keys create --source <source> [--name <name>]
  keys list
  keys revoke <id>                          API keys of connectors
  token [--sub <who>] [--role <role>]… [--team <team>]… [--lifetime <8h>]
                                            a person's token by the local issuer of \`npm start\`

DATABASE_URL and KAFKA_BROKERS say where; without them, what \`npm start\` started in this checkout.
`;

const dataDir = join(workspaceRoot, '.data');

/** The `closeloop` command. Returns the exit code; @throws what went wrong, for people */
export async function closeloop(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case 'migrate':
      await prepareStores(await connections('DATABASE_URL'), (line) => void process.stdout.write(`${line}\n`));
      return 0;
    case 'topics': {
      // Loaded where it is needed: half of what this command would take to start.
      const { createTopics } = await import('@closeloop/messaging');
      for (const line of await createTopics(await connections('KAFKA_BROKERS'))) process.stdout.write(`${line}\n`);
      return 0;
    }
    case 'keys':
      process.stdout.write(
        await runProgram(programOf('ingestion', 'keys.js'), rest, await connections('DATABASE_URL')),
      );
      return 0;
    case 'token':
      process.stdout.write(`${await token(rest)}\n`);
      return 0;
    case 'help':
    case '--help':
    case undefined:
      process.stdout.write(USAGE);
      return command === undefined ? 2 : 0;
    default:
      process.stderr.write(`closeloop: there is no command "${command}".\n\n${USAGE}`);
      return 2;
  }
}

/** The environment, filled up from what runs in this checkout when it does not name the server. */
async function connections(needed: 'DATABASE_URL' | 'KAFKA_BROKERS'): Promise<Env> {
  if (process.env[needed] || process.env['INGESTION_DATABASE_URL']) return process.env;
  const instance = await runningInstance(dataDir);
  if (!instance?.env) throw new Error(`Set ${needed}, or run npm start in this checkout first.`);
  return { ...process.env, ...instance.env };
}

async function token(words: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      sub: { type: 'string', default: 'developer' },
      role: { type: 'string', multiple: true, default: ['agent', 'manager', 'admin'] },
      team: { type: 'string', multiple: true, default: ['triage'] },
      lifetime: { type: 'string', default: '12h' },
    },
  });
  const issuer = (await runningInstance(dataDir))?.env?.['OIDC_ISSUER'];
  if (!issuer) throw new Error('Tokens are made by the local issuer of `npm start`, which does not run here.');
  if (process.env['OIDC_ISSUER'])
    throw new Error(`Tokens come from ${process.env['OIDC_ISSUER']}, which OIDC_ISSUER names.`);
  const { sub, role: roles, team: teams, lifetime } = values;
  return signLocalToken({ dataDir: join(dataDir, 'issuer'), issuer }, { sub, roles, teams }, lifetime);
}
