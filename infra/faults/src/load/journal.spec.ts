import { describe, expect, it } from '@jest/globals';
import { Journal, type Attempt } from './journal.js';

describe('the journal', () => {
  it('given refusals of each kind, when it is asked, then it tells them apart by phase, status and whom they were for', async () => {
    const journal = await Journal.open();
    journal.beginPhase('storm');
    const tried = (what: Attempt['what'], was: Attempt['was'], told: string): void =>
      journal.attempted({ phase: 'storm', what, was, told, to: 'there', ms: 1 });
    tried('feedback', 'answered', '202');
    tried('feedback', 'undetermined', '503');
    tried('command', 'undetermined', '503');
    tried('evidence', 'undetermined', '503');
    tried('evidence', 'undetermined', '500');
    tried('feedback', 'refused', 'ECONNREFUSED');
    expect(journal.stats('storm')).toEqual({
      requests: 6,
      undetermined: 4,
      refused: { '503': 2, 'evidence 503': 1, '500': 1, ECONNREFUSED: 1 },
      ms: [1],
    });
    expect(journal.stats('calm').requests).toBe(0);
  });
});
