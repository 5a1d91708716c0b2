import { describe, expect, it } from '@jest/globals';
import { setMaxListeners } from 'node:events';
import { cut } from './faults/cut.js';
import { kill } from './faults/kill.js';
import { poison } from './faults/poison.js';
import { complaints, resultOf } from './report.js';
import { runFaults } from './run.js';

// The compiled services as processes, on a Kafka and a Postgres of their own; `npm test` builds them.
describe('the promise, with processes killed, connections cut and what nobody can read', () => {
  it('holds', async () => {
    const stopping = new AbortController();
    setMaxListeners(0, stopping.signal);
    const said: string[] = [];
    try {
      const { report } = await runFaults({
        schedule: () => [[kill], [cut], [poison]],
        seed: 4_2026,
        quick: true,
        kills: 2,
        timed: false,
        say: (line) => said.push(line),
        signal: stopping.signal,
      });
      expect(complaints(report)).toEqual([]);
      const { faults, verdict } = resultOf(report);
      expect(verdict).toBe('good');
      for (const { injected, accepted, lost, doubled, misordered } of Object.values(faults)) {
        expect(injected).toBeGreaterThan(0);
        expect(accepted).toBeGreaterThan(0);
        expect([lost, doubled, misordered]).toEqual([0, 0, 0]);
      }
      expect(Object.keys(faults)).toEqual(['kill', 'cut', 'poison']);
    } catch (error) {
      process.stderr.write(`${said.join('\n')}\n`);
      throw error;
    } finally {
      stopping.abort(new Error('the spec is over'));
    }
  }, 300_000);
});
