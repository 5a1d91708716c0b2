import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { problemOf } from '../api/problem.js';
import { byTeam, conditionProblem, freeName, moved, newRule, offsetOf, problemsOf } from './rule-sets.js';

describe('what a service refuses of rules', () => {
  const error = problemOf(400, {
    type: 'urn:closeloop:invalid',
    errors: [
      { pointer: '/rules/2/team', rule: 'team', message: 'There is no team spas; did you mean spa?' },
      {
        pointer: '/rules/2/when',
        rule: 'condition',
        message: 'No such key: labl (line 2, column 5)',
        line: 2,
        column: 5,
      },
      { pointer: '/rules/0/name', rule: 'unique', message: 'Rule 0 has this name already' },
      { pointer: '/rules/0/name', rule: 'maxLength', message: 'name is too long' },
      { pointer: '/rules', rule: 'cost', message: 'The conditions together may take too many steps' },
    ],
  });

  it('is told at the rule and the field, with the place in the condition', () => {
    const { rules, whole } = problemsOf(error);
    expect(whole).toEqual(['The conditions together may take too many steps']);
    expect(rules.get(0)!.fields).toEqual({ name: 'Rule 0 has this name already name is too long' });
    expect(rules.get(2)!.fields['team']).toContain('did you mean spa');
    expect(rules.get(2)!.condition).toMatchObject({ line: 2, column: 5 });
  });

  it('is nothing where it was no refusal', () => {
    expect(problemsOf(new Error('away'))).toEqual({ rules: new Map(), whole: [] });
  });

  it('has its place in the message, too', () => {
    expect(conditionProblem('Wrong (line 3, column 14)')).toMatchObject({ line: 3, column: 14 });
    expect(conditionProblem('Wrong')).toMatchObject({ line: 1, column: 1 });
  });
});

describe('a place in a condition', () => {
  it('is where its line and column say', () => {
    const text = 'tags.labl == "x"\n  && true';
    expect(text.slice(offsetOf(text, { line: 2, column: 3 }))).toBe('&& true');
    expect(offsetOf(text, { line: 1, column: 1 })).toBe(0);
  });

  it('never lies outside of it', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
        (text, line, column) => {
          const at = offsetOf(text, { line, column });
          expect(at).toBeGreaterThanOrEqual(0);
          expect(at).toBeLessThanOrEqual(text.length);
        },
      ),
    );
  });
});

describe('the order of rules', () => {
  it('changes by moving one; all stay', () => {
    expect(moved(['a', 'b', 'c', 'd'], 3, 1)).toEqual(['a', 'd', 'b', 'c']);
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
    expect(moved(['a', 'b'], 1, 2)).toEqual(['a', 'b']);
  });
});

it('a new rule has a name that none has', () => {
  expect(freeName([])).toBe('rule');
  expect(freeName([newRule('rule', 'spa'), newRule('rule-2', 'spa')])).toBe('rule-3');
});

it('a dry run tells of each team what comes and what goes', () => {
  const moves = [
    { from: 'billing', to: 'spa', count: 4 },
    { from: 'rooms', to: 'spa', count: 3 },
    { from: 'spa', to: 'billing', count: 1 },
  ];
  expect(byTeam(moves)).toEqual([
    { team: 'spa', gains: 7, loses: 1 },
    { team: 'billing', gains: 1, loses: 4 },
    { team: 'rooms', gains: 0, loses: 3 },
  ]);
});
