import { describe, expect, it } from '@jest/globals';
import { firstSettings } from '../../infrastructure/migrations/first-sla-settings.js';
import { readDocument, type SlaDocument } from './document.js';
import { settingsOf } from './sla.fixture.js';

const hour = 3_600_000;
const wrong = (over: object): { pointer: string; rule: string }[] => {
  const read = readDocument({ ...firstSettings, ...over } as SlaDocument, 1);
  return 'violations' in read ? read.violations.map(({ pointer, rule }) => ({ pointer, rule })) : [];
};
const calendar = firstSettings.calendars[0]!;
const standard = { name: 'standard' };

describe('what people write', () => {
  it('given the first settings: a first answer within a day', () => {
    const settings = settingsOf(firstSettings);
    const ref = settings.refFor({ slaPolicy: 'standard', priority: 'low', team: 'support' });
    expect(ref).toBe('1/standard/0/office');
    expect(settings.terms(ref).limits).toEqual({
      ...{ 'first-response': { customer: 24 * hour }, resolution: { business: 40 * hour } },
    });
  });

  it.each([
    ['a policy that is not there', { defaultPolicy: 'gold' }, '/defaultPolicy', 'known'],
    ['a calendar that is not there', { defaultCalendar: 'night' }, '/defaultCalendar', 'known'],
    ['a name twice', { policies: [standard, standard] }, '/policies/1/name', 'unique'],
    [
      'a month',
      { policies: [{ ...standard, resolution: { customer: 'P1M' } }] },
      '/policies/0/resolution/customer',
      'isDuration',
    ],
    [
      'a day of work',
      { policies: [{ ...standard, resolution: { business: 'P1D' } }] },
      '/policies/0/resolution/business',
      'isDuration',
    ],
    [
      'no duration',
      { policies: [{ ...standard, firstResponse: { customer: 'soon' } }] },
      '/policies/0/firstResponse/customer',
      'isDuration',
    ],
    [
      'no time at all',
      { policies: [{ ...standard, firstResponse: { customer: 'PT0S' } }] },
      '/policies/0/firstResponse/customer',
      'bounds',
    ],
    ['a variant for everybody', { policies: [{ ...standard, variants: [{}] }] }, '/policies/0/variants/0', 'condition'],
    ['a zone that is none', { calendars: [{ ...calendar, zone: 'Berlin' }] }, '/calendars/0/zone', 'isTimeZone'],
    ['an offset', { calendars: [{ ...calendar, zone: '+02:00' }] }, '/calendars/0/zone', 'isTimeZone'],
    ['nobody ever works', { calendars: [{ ...calendar, shifts: [] }] }, '/calendars/0/shifts', 'bounds'],
    [
      'shifts that overlap',
      { calendars: [{ ...calendar, shifts: [...calendar.shifts, { days: ['monday'], from: '16:00', to: '18:00' }] }] },
      '/calendars/0/shifts',
      'overlap',
    ],
    [
      'a shift that ends before it starts',
      { calendars: [{ ...calendar, shifts: [{ days: ['monday'], from: '16:00', to: '08:00' }] }] },
      '/calendars/0/shifts/0/to',
      'order',
    ],
    [
      'a day that does not exist',
      { calendars: [{ ...calendar, exceptions: [{ date: '2026-02-30', shifts: [] }] }] },
      '/calendars/0/exceptions/0/date',
      'isDate',
    ],
    [
      'a level that goes nowhere',
      { teams: [{ team: 'support', chain: [{ after: 'PT1H' }] }] },
      '/teams/0/chain/0',
      'assignment',
    ],
  ])('given %s: says where', (_what, over, pointer, rule) => {
    expect(wrong(over)).toContainEqual({ pointer, rule });
  });

  it('given variants: the first that fits, with what it does not say from its policy; else the policy', () => {
    const settings = settingsOf({
      ...firstSettings,
      calendars: [calendar, { ...calendar, name: 'shops' }],
      policies: [
        {
          ...{ name: 'standard', firstResponse: { customer: 'PT4H' }, resolution: { business: 'PT40H' }, warnAt: 0.5 },
          variants: [
            { channels: ['social'], segments: ['vip', 'press'], firstResponse: { customer: 'PT15M' } },
            { channels: ['social'], firstResponse: { customer: 'PT1H' }, calendar: 'shops' },
          ],
        },
      ],
      teams: [{ team: 'stores', calendar: 'shops' }],
    });
    const of = (over: object) => settings.refFor({ slaPolicy: 'standard', priority: 'low', team: 'support', ...over });
    expect(of({ channel: 'social', segments: ['vip'] })).toBe('1/standard/1/office');
    expect(of({ channel: 'social' })).toBe('1/standard/2/shops');
    expect(of({ channel: 'review', segments: ['vip'] })).toBe('1/standard/0/office');
    expect(of({ team: 'stores' })).toBe('1/standard/0/shops');
    expect(of({ slaPolicy: 'never heard of' })).toBe('1/standard/0/office');
    expect(settings.terms('1/standard/1/office')).toMatchObject({
      ...{ warnAt: 0.5, limits: { 'first-response': { customer: hour / 4 }, resolution: { business: 40 * hour } } },
    });
    expect(() => settings.terms('2/standard/0/office')).toThrow();
    expect(() => settings.terms('1/standard/3/office')).toThrow();
  });
});
