import { readWords, type Command } from '../command.js';
import { connections } from '../connections.js';
import { prepareStores } from '../platform.js';

export const migrate: Command = {
  name: 'migrate',
  summary: 'databases and their tables, of every service',
  help: `npx closeloop migrate

Makes the databases of all services and brings their tables up to date; what is up to date stays as it is.
DATABASE_URL says where; without it, what \`npm start\` started in this checkout.

  DATABASE_URL=postgres://closeloop@db:5432/postgres npx closeloop migrate
`,
  async run(words, surroundings) {
    readWords(words, {});
    await prepareStores(await connections(surroundings, 'DATABASE_URL'), (line) => surroundings.out(`${line}\n`));
    return 0;
  },
};
