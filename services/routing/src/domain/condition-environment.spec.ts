import { describe, expect, it } from '@jest/globals';
import { conditionEnvironment, conditionFunctions, problemsOfCondition } from './condition-environment.js';

describe('what a condition may speak of', () => {
  it('is JSON, with the texts that a field can have', () => {
    const { variables } = JSON.parse(JSON.stringify(conditionEnvironment())) as ReturnType<typeof conditionEnvironment>;
    expect(Object.keys(variables)).toEqual(['feedback', 'tags']);
    expect(variables['feedback']).toMatchObject({
      kind: 'message',
      fields: {
        channel: { kind: 'string', values: expect.arrayContaining(['chat']) },
        rating: { kind: 'message', fields: { value: { kind: 'double' } } },
        attributes: { kind: 'map' },
      },
    });
    expect(variables['tags']).toMatchObject({
      fields: { topics: { kind: 'list', of: { kind: 'message', fields: { name: { kind: 'string' } } } } },
    });
  });

  it.each(conditionFunctions.map(({ name, example }) => [name, example]))(
    '%s is used in a condition: %s',
    (name, example) => {
      expect(example).toContain(`${name}(`);
      expect(problemsOfCondition(example)).toEqual([]);
    },
  );
});

describe('what is wrong with a condition', () => {
  it('is told with its place and the nearest name', () => {
    expect(problemsOfCondition('true &&\n  tags.sentiment.labl == "negative"')).toEqual([
      {
        ...{ rule: 'condition', message: expect.stringContaining('did you mean label?') },
        ...{ line: 2, column: expect.any(Number) },
      },
    ]);
  });

  it('is its cost as well', () => {
    const when = Array.from({ length: 30 }, () => 'tags.topics.all(t, t.name.matches("(a|b){60}x"))').join(' && ');
    expect(problemsOfCondition(when).map(({ rule }) => rule)).toContain('cost');
  });
});
