import { Failure, UsageError, type Surroundings } from './command.js';
import { runningInstance } from './instance.js';
import { ProgramFailed, type Env } from './program.js';

/** The environment, filled up from what runs in this checkout when it does not name the server. @throws Failure */
export async function connections(
  { env, dataDir }: Surroundings,
  needed: 'DATABASE_URL' | 'KAFKA_BROKERS',
): Promise<Env> {
  if (env[needed] || (needed === 'DATABASE_URL' && env['INGESTION_DATABASE_URL'])) return env;
  const instance = await runningInstance(dataDir);
  if (!instance?.env) throw new Failure(`Set ${needed}, or run npm start in this checkout first.`);
  return { ...env, ...instance.env };
}

/** What a program of a service told, as the command's own failure. @throws UsageError, Failure */
export function asOurs(error: unknown): never {
  if (!(error instanceof ProgramFailed)) throw error;
  // its own usage is that of another program: its first line says what is wrong
  if (error.code === 2) throw new UsageError(error.told.split('\n', 1)[0]!);
  throw new Failure(error.told);
}
