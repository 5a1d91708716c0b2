import { Failure, type Command } from '../command.js';
import { signInLink } from '../sign-in-link.js';
import { tokenOf } from './token.command.js';

export const signIn: Command = {
  name: 'sign-in',
  summary: 'a link that signs you in to the console of `npm start`, once',
  help: `npx closeloop sign-in [--sub <who>] [--role <role>]… [--team <team>]… [--lifetime <8h>]

The words are those of closeloop token. The link works for an hour; whoever opens it is that person until the token ends.

  npx closeloop sign-in --sub ann --role agent --team support
`,
  async run(words, surroundings) {
    const { token, consoleUrl } = await tokenOf(words, surroundings);
    if (consoleUrl === undefined) throw new Failure('Closeloop is still starting here: try again when it is ready.');
    surroundings.out(`${await signInLink(consoleUrl, token)}\n`);
    return 0;
  },
};
