import type { Route } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { DryRun } from './dry-run.js';
import { feedbackWith } from './feedback.fixture.js';

const route = (given: Partial<Route>): Route => ({
  ...{
    team: 'support',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: [],
    loop: 'open',
    ruleSetVersion: 1,
    rule: 'a',
  },
  ...given,
});

describe('DryRun', () => {
  it('given routes before and after: counts what moves from where to where, with a few examples of each', () => {
    const run = new DryRun(['a', 'never'], ['b']);
    const feedback = (n: number) => feedbackWith({ text: `said ${n}\n${'x'.repeat(500)}` });
    for (let n = 0; n < 10; n++) run.count(feedback(n), route({}), route({ team: 'billing', rule: 'b', loop: 'join' }));
    run.count(feedback(10), route({}), route({ priority: 'high', slaPolicy: 'urgent' }));
    run.count(feedback(11), route({}), route({ labels: ['x'] }));
    run.count(feedback(12), route({}), route({ rule: 'b', ruleSetVersion: 2 }));
    run.failed('b');
    const report = run.report();
    expect(report).toMatchObject({
      ...{ lookedAt: 13, changed: 12, moved: 10, relabelled: 1 },
      priorities: [{ from: 'medium', to: 'high', count: 1 }],
      loops: [{ from: 'open', to: 'join', count: 10 }],
      slaPolicies: [{ from: 'standard', to: 'urgent', count: 1 }],
      rules: [
        { name: 'a', before: 13, after: 2 },
        { name: 'never', before: 0 },
        { name: 'b', after: 11 },
      ],
      failures: [{ rule: 'b', count: 1 }],
    });
    const [move] = report.teams;
    expect(move).toMatchObject({ from: 'support', to: 'billing', count: 10 });
    expect(move!.examples.map(({ rules }) => rules)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    for (const { excerpt } of move!.examples) expect(excerpt).toMatch(/^said \d x{1,160}…$/);
  });
});
