import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { mainOf, programOf, services, workspaceRoot } from './workspace.js';

describe('the programs of a service', () => {
  it.each(services)('are where its source is: %s', (service) => {
    const main = programOf(service, 'main.js');
    expect(existsSync(main.replace(/\.js$/, '.ts').replace('/dist/', '/src/'))).toBe(true);
  });

  it('have its name in the folder of another one', () => {
    const built = (...names: string[]) => join(workspaceRoot, 'services', ...names);
    expect(mainOf('sentiment')).toBe(built('sentiment', 'dist', 'bundle', 'main.js'));
    expect(mainOf('learning')).toBe(built('sentiment', 'dist', 'bundle', 'learning', 'main.js'));
    expect(programOf('sentiment', 'adapt.js')).toBe(built('sentiment', 'dist', 'adapt.js'));
    expect(mainOf('rehearsal')).toBe(built('routing', 'dist', 'bundle', 'rehearsal', 'main.js'));
    expect(programOf('learning', 'migrate.js')).toBe(built('sentiment', 'dist', 'learning.migrate.js'));
  });
});
