import { describe, expect, it } from '@jest/globals';
import { asSent } from './ownership.js';

describe('a table of ownership', () => {
  it('names only what was filled in', () => {
    const rules = [
      { topic: ' billing ', touchpoint: '', team: 'billing' },
      { journeyStage: 'support', team: 'support' },
    ];
    expect(asSent({ defaultTeam: 'product', rules })).toEqual({
      defaultTeam: 'product',
      rules: [
        { topic: 'billing', team: 'billing' },
        { journeyStage: 'support', team: 'support' },
      ],
    });
  });

  it('leaves a team that is not chosen to the service, which names it', () => {
    expect(asSent({ defaultTeam: 'product', rules: [{ topic: 'app', team: '' }] }).rules).toEqual([{ topic: 'app' }]);
  });
});
