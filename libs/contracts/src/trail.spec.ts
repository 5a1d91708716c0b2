import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { trailOf, withStep, type TrailStep } from './trail.js';

const step = fc.record<TrailStep>({
  group: fc.stringMatching(/^[a-z.]{1,20}$/),
  topic: fc.stringMatching(/^[a-z0-9.]{1,20}$/),
  partition: fc.nat(1000),
  offset: fc.bigInt(0n, 2n ** 62n).map(String),
  at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.toISOString()),
  attempts: fc.integer({ min: 1, max: 1_000_000 }),
});

describe('the trail of an event', () => {
  it('reads what was noted, in order, the last sixteen', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const header = steps.reduce<string | undefined>((trail, one) => withStep(trail, one), undefined);
        expect(trailOf(header)).toEqual(steps.slice(-16));
      }),
    );
  });

  it('does not carry on what is too long to be a trail', () => {
    const step = { group: 'g', topic: 't', partition: 1, offset: '2', at: '2026-01-01T00:00:00.000Z', attempts: 1 };
    expect(withStep('x'.repeat(100_000), step)).toBe('g t 1 2 2026-01-01T00:00:00.000Z 1');
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\n', 'x'), { maxLength: 60 }), (characters) => {
        const lines = withStep(characters.join(''), step).split('\n');
        expect(lines.at(-1)).toBe('g t 1 2 2026-01-01T00:00:00.000Z 1');
        expect(lines.length).toBeLessThanOrEqual(16);
      }),
    );
  });

  it('leaves out what is no step, whoever wrote it', () => {
    const good = withStep(undefined, {
      group: 'g',
      topic: 't',
      partition: 1,
      offset: '2',
      at: '2026-01-01T00:00:00.000Z',
      attempts: 1,
    });
    expect(trailOf(`nonsense\n${good}\ng t x 2 2026-01-01 1\ng t 1 2 never 1\n`)).toHaveLength(1);
    expect(trailOf('')).toEqual([]);
    expect(trailOf(undefined)).toEqual([]);
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(trailOf(text))));
  });
});
