import { join } from 'node:path';
import { Failure, nearest, UsageError, type Command, type Surroundings } from './command.js';
import { adapt } from './commands/adapt.command.js';
import { audit } from './commands/audit.command.js';
import { deadLetters } from './commands/dead-letters.command.js';
import { insights } from './commands/insights.command.js';
import { keys } from './commands/keys.command.js';
import { migrate } from './commands/migrate.command.js';
import { models } from './commands/models.command.js';
import { reconcile } from './commands/reconcile.command.js';
import { recover } from './commands/recover.command.js';
import { republish } from './commands/republish.command.js';
import { reroute } from './commands/reroute.command.js';
import { replySenders } from './commands/reply-senders.command.js';
import { retag } from './commands/retag.command.js';
import { rules } from './commands/rules.command.js';
import { signIn } from './commands/sign-in.command.js';
import { status } from './commands/status.command.js';
import { token } from './commands/token.command.js';
import { topics } from './commands/topics.command.js';
import { trace } from './commands/trace.command.js';
import { ProgramFailed } from './program.js';
import { workspaceRoot } from './workspace.js';

const commands: readonly Command[] = [
  status,
  deadLetters,
  trace,
  reconcile,
  republish,
  recover,
  audit,
  keys,
  replySenders,
  token,
  signIn,
  migrate,
  topics,
  adapt,
  models,
  retag,
  rules,
  reroute,
  insights,
];

const usage = `closeloop <command>

${commands.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}\n`).join('')}
closeloop <command> --help says more, with examples. Exit codes: 0 well, 1 something is wrong, 2 the words
are not understood, 3 the token was refused.

The services are those that \`npm start\` runs in this checkout, unless INGESTION_URL, SENTIMENT_URL, LEARNING_URL, ROUTING_URL, REHEARSAL_URL
and LOOP_URL name others (several replicas by commas); CLOSELOOP_TOKEN is the token of a person with the role manager or admin. DATABASE_URL and
KAFKA_BROKERS say where the stores are.
`;

const here: Surroundings = {
  env: process.env,
  dataDir: join(workspaceRoot, '.data'),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** The `closeloop` command. Returns the exit code; @throws what nobody expected */
export async function closeloop(words: readonly string[], surroundings: Surroundings = here): Promise<number> {
  const [name, ...rest] = words;
  const { out, err } = surroundings;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    out(usage);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (!command) {
    const near = nearest(
      name,
      commands.map((one) => one.name),
    );
    err(`closeloop: there is no command "${name}"${near ? `; did you mean ${near}?` : '.'}\n\n${usage}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    out(command.help);
    return 0;
  }
  try {
    return await command.run(rest, surroundings);
  } catch (error) {
    if (error instanceof UsageError) {
      err(`closeloop ${name}: ${error.message}\nSee npx closeloop ${name} --help\n`);
      return 2;
    }
    const away = awayOf(error);
    if (away !== undefined) {
      err(`closeloop ${name}: ${away}\n`);
      return 1;
    }
    if (!(error instanceof Failure)) throw error;
    err(`closeloop ${name}: ${error.message}\n`);
    return error.exitCode;
  }
}

/** What a store that is away, or a program that told why it failed, comes to in words; undefined for what nobody expected. */
function awayOf(error: unknown): string | undefined {
  if (error instanceof ProgramFailed) return error.told;
  if (!(error instanceof Error)) return undefined;
  const { name, message, code, cause } = error as NodeJS.ErrnoException;
  const why = message || (cause instanceof Error ? cause.message : '');
  if (name.startsWith('KafkaJS')) return `Kafka: ${why}`;
  return ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT'].includes(code ?? '')
    ? `a store is away: ${why || code}`
    : undefined;
}
