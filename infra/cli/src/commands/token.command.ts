import { join } from 'node:path';
import { signLocalToken } from '@closeloop/embedded';
import { Failure, readWords, UsageError, type Command, type Surroundings } from '../command.js';
import { runningInstance } from '../instance.js';

const roleNames = ['agent', 'manager', 'admin'];

export const token: Command = {
  name: 'token',
  summary: "a person's token by the local issuer of `npm start`",
  help: `npx closeloop token [--sub <who>] [--role <role>]… [--team <team>]… [--lifetime <8h>]

Without options: an agent of triage who is manager and admin too, for 12 hours.

  curl -H "authorization: Bearer $(npx closeloop token --role agent --team billing)" http://127.0.0.1:4604/v1/loops
`,
  async run(words, surroundings) {
    surroundings.out(`${(await tokenOf(words, surroundings)).token}\n`);
    return 0;
  },
};

/** The token that words like those of this command ask for, and where the console answers that would take it. */
export async function tokenOf(
  words: readonly string[],
  { env, dataDir }: Surroundings,
): Promise<{ token: string; consoleUrl: string | undefined }> {
  const { values } = readWords(words, {
    sub: { type: 'string', default: 'developer' },
    role: { type: 'string', multiple: true, default: ['agent', 'manager', 'admin'] },
    team: { type: 'string', multiple: true, default: ['triage'] },
    lifetime: { type: 'string', default: '12h' },
  });
  const { sub, role: roles, team: teams, lifetime } = values;
  const strange = roles.find((role) => !roleNames.includes(role));
  if (strange !== undefined) throw new UsageError(`--role ${strange}: it is one of ${roleNames.join(', ')}.`);
  if (!/^[1-9]\d{0,5}(s|m|min|h|d)$/.test(lifetime))
    throw new UsageError(`--lifetime takes a time such as 30min, 8h or 7d, not "${lifetime}".`);
  const instance = await runningInstance(dataDir);
  const issuer = instance?.env?.['OIDC_ISSUER'];
  if (!issuer) throw new Failure('Tokens are made by the local issuer of `npm start`, which does not run here.');
  if (env['OIDC_ISSUER']) throw new Failure(`Tokens come from ${env['OIDC_ISSUER']}, which OIDC_ISSUER names.`);
  const token = await signLocalToken({ dataDir: join(dataDir, 'issuer'), issuer }, { sub, roles, teams }, lifetime);
  return { token, consoleUrl: instance.urls?.['console'] };
}
