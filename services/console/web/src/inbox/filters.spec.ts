import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loopStates, priorities } from '../api/loops.js';
import { queryOf, readFilters, sorts, stateChoices, stillShown, usualFilters, writeFilters } from './filters.js';

const words = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() === text && text !== '');
const anyFilters = fc.record(
  {
    state: fc.constantFrom(...stateChoices),
    sort: fc.constantFrom(...sorts),
    overdue: fc.boolean(),
    team: words,
    priority: fc.constantFrom(...priorities),
    owner: words,
    q: words,
  },
  { requiredKeys: ['state', 'sort', 'overdue'] },
);

describe('filters in the address', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyFilters, (filters) => {
        expect(readFilters(new URLSearchParams(writeFilters(filters).toString()))).toEqual(filters);
      }),
    );
  });

  it('are as usual where the address says nothing, or nonsense', () => {
    expect(readFilters(new URLSearchParams())).toEqual(usualFilters);
    expect(readFilters(new URLSearchParams('state=nice&sort=&overdue=yes&priority=urgent&q=%20'))).toEqual(
      usualFilters,
    );
    expect(writeFilters(usualFilters).toString()).toBe('');
  });
});

describe('what the loop service is asked', () => {
  it('names the person for me, and states for what they are', () => {
    expect(queryOf({ ...usualFilters, owner: 'me', overdue: true }, 'ann')).toMatchObject({
      ...{ owner: 'ann', overdue: true, sort: 'due', state: 'opened,reopened,acknowledged,responded,resolved' },
    });
  });

  it('sorts by what is due only where something is', () => {
    expect(queryOf({ ...usualFilters, state: 'all' }, 'ann')).toMatchObject({ state: undefined, sort: 'newest' });
    expect(queryOf({ ...usualFilters, state: 'verified' }, 'ann')).toMatchObject({ sort: 'newest' });
  });

  it('keeps a loop that moved while the filters hold for it', () => {
    expect(stillShown({ ...usualFilters, team: 'billing' }, { state: 'responded', team: 'billing' })).toBe(true);
    expect(stillShown(usualFilters, { state: 'verified', team: 'billing' })).toBe(false);
    expect(stillShown({ ...usualFilters, team: 'billing' }, { state: 'opened', team: 'support' })).toBe(false);
    for (const state of loopStates)
      expect(stillShown({ ...usualFilters, state: 'all' }, { state, team: 'x' })).toBe(true);
  });
});
