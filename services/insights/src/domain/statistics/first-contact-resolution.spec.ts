import { describe, expect, it } from '@jest/globals';
import { firstContact, repeatWindowMs, type Contact, type Issue } from './first-contact-resolution.js';

const issue: Issue = {
  ...{ customerKey: 'anna', topics: ['billing/refund'], openedAt: 1_000, closedAt: 2_000 },
  ...{ responses: 1, reopened: false },
};
const over = 2_000 + repeatWindowMs;
const contact = (changed: Partial<Contact>): Contact => ({
  ...{ customerKey: 'anna', topics: ['billing/refund'], at: 3_000 },
  ...changed,
});

describe('firstContact', () => {
  it('given one response, closed, and seven quiet days: resolved', () => {
    expect(firstContact(issue, [], over)).toBe('resolved');
  });

  it('given that the days are not over, or it is open: pending', () => {
    expect(firstContact(issue, [], over - 1)).toBe('pending');
    expect(firstContact(issue, [contact({})], over - 1)).toBe('pending');
    expect(firstContact({ ...issue, closedAt: null }, [], over)).toBe('pending');
  });

  it('given a customer whom nobody knows: unknown', () => {
    expect(firstContact({ ...issue, customerKey: null }, [], over)).toBe('unknown');
  });

  it.each<[string, Partial<Issue>]>([
    ['a second response', { responses: 2 }],
    ['no response', { responses: 0 }],
    ['a reopening', { reopened: true }],
  ])('given %s: repeated', (_, changed) => {
    expect(firstContact({ ...issue, ...changed }, [], over)).toBe('repeated');
  });

  it.each<[string, Partial<Contact>, string]>([
    ['on that topic', {}, 'repeated'],
    ['before it was closed', { at: 1_001 }, 'repeated'],
    ['on the last of the days', { at: over }, 'repeated'],
    ['without a topic', { topics: [] }, 'repeated'],
    ['on that topic and another', { topics: ['app', 'billing/refund'] }, 'repeated'],
    ['after the days', { at: over + 1 }, 'resolved'],
    ['that opened it', { at: 1_000 }, 'resolved'],
    ['on another topic', { topics: ['app'] }, 'resolved'],
    ['of another customer', { customerKey: 'bert' }, 'resolved'],
    ['of nobody known', { customerKey: null }, 'resolved'],
  ])('given further feedback %s', (_, changed, expected) => {
    expect(firstContact(issue, [contact(changed)], over + 2)).toBe(expected);
  });
});
