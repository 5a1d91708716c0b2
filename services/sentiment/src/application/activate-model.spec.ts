import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Activation } from '../domain/own/model-store.js';
import { versionBefore } from './activate-model.handler.js';

const activation = (version: string | undefined, rollback = false): Activation => ({ number: 1, version, rollback });

describe('what was active before', () => {
  it('given nothing: none; given the first: what ships', () => {
    expect(versionBefore([])).toBe('none');
    expect(versionBefore([activation('a')])).toEqual({ version: undefined });
  });

  it('given a rollback: the one before that again', () => {
    const history = [activation('b', true), activation('c'), activation('b'), activation('a')];
    expect(versionBefore(history)).toEqual({ version: 'a' });
    expect(versionBefore([activation('a', true), ...history])).toEqual({ version: undefined });
    expect(versionBefore([activation(undefined, true), activation('a', true), ...history])).toBe('none');
  });

  it('given the same version activated again: still what was before it', () => {
    expect(versionBefore([activation('b'), activation('b'), activation('a')])).toEqual({ version: 'a' });
    expect(versionBefore([activation(undefined)])).toBe('none');
  });

  it('is, after any activation of another version, what was active when it was made', () => {
    const steps = fc.array(fc.option(fc.constantFrom('a', 'b', 'c'), { nil: 'back' as const }));
    fc.assert(
      fc.property(steps, (taken) => {
        const last = 'another';
        let history: Activation[] = [];
        for (const step of taken) {
          if (step !== 'back') history = [activation(step), ...history];
          else {
            const before = versionBefore(history);
            if (before !== 'none') history = [activation(before.version, true), ...history];
          }
        }
        expect(versionBefore([activation(last), ...history])).toEqual({ version: history[0]?.version });
      }),
    );
  });
});
