import { type SlaDocument } from '../../domain/sla/document.js';

/** What is promised until somebody promises something else: a first answer within a day. No team has a chain yet. */
export const firstSettings: SlaDocument = {
  calendars: [
    {
      name: 'office',
      zone: 'UTC',
      shifts: [{ days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '09:00', to: '17:00' }],
    },
  ],
  defaultCalendar: 'office',
  policies: [
    {
      name: 'urgent',
      firstResponse: { customer: 'PT4H' },
      resolution: { customer: 'P2D' },
      variants: [{ priorities: ['critical'], firstResponse: { customer: 'PT1H' }, resolution: { customer: 'P1D' } }],
    },
    {
      name: 'standard',
      firstResponse: { customer: 'P1D' },
      resolution: { business: 'PT40H' },
      variants: [{ priorities: ['critical'], firstResponse: { customer: 'PT4H' } }],
    },
    { name: 'relaxed', firstResponse: { customer: 'P3D' }, resolution: { business: 'PT80H' } },
  ],
  defaultPolicy: 'standard',
  teams: [],
};
