import { expect, it } from '@jest/globals';
import { byDay } from './customer.js';

it('a timeline goes by days, the newest first', () => {
  const at = (time: string) => ({ at: `${time}:00Z`, kind: 'feedback' });
  const days = byDay([at('2026-11-24T10:00'), at('2026-11-26T09:00'), at('2026-11-26T11:00'), at('2026-11-24T12:00')]);
  expect(days.map(([day, moments]) => [day, moments.map((moment) => moment.at.slice(11, 16))])).toEqual([
    ['2026-11-26', ['11:00', '09:00']],
    ['2026-11-24', ['12:00', '10:00']],
  ]);
});
