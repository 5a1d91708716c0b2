import { firstTeams } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { feedbackWith, tagsWith } from '../../domain/feedback.fixture.js';
import { routeFeedback } from '../../domain/route-feedback.js';
import { compileSaved, defaultTeam } from '../../domain/rule-set.js';
import { RoutingConfig } from '../../routing.config.js';
import { seedRules, seedTeams } from './seed.js';

const ruleSet = compileSaved(1, seedRules);
const sentiment = (label: 'negative' | 'neutral' | 'positive' | 'mixed') =>
  tagsWith({
    sentiment: { label, score: label === 'negative' ? -0.6 : label === 'positive' ? 0.6 : 0, confidence: 0.6 },
  });

describe('seed', () => {
  it('is valid, and has the team that gets what is left', () => {
    expect(seedTeams.map(({ name }) => name).sort()).toEqual([...firstTeams].sort());
    expect(firstTeams).toContain(defaultTeam);
    for (const { team, slaPolicy } of seedRules) {
      expect(firstTeams).toContain(team);
      expect(new RoutingConfig().slaPolicies).toContain(slaPolicy);
    }
  });

  it.each([
    ['There was smoke in the cabin and nobody reacted', 'negative', 'safety', 'operations', 'open'],
    ['You charged my credit card twice', 'negative', 'money-complaint', 'billing', 'open'],
    ['How do I get a refund?', 'neutral', 'money', 'billing', 'join'],
    ['Delayed again, worst airline', 'negative', 'disruption-complaint', 'operations', 'open'],
    ['Is the flight cancelled?', 'neutral', 'disruption', 'operations', 'join'],
    ['The room was dirty', 'negative', 'rooms', 'operations', 'open'],
    ['Your website logged out in the middle', 'negative', 'screens', 'product', 'join'],
    ['Rude staff', 'negative', 'complaint', 'support', 'open'],
    ['Lovely room, and charged twice for it', 'mixed', 'money-complaint', 'billing', 'open'],
    ['Great crew but the seat was terrible', 'mixed', 'complaint', 'support', 'open'],
    ['Thank you for a lovely stay', 'positive', 'praise', 'marketing', 'none'],
    ['Do you fly to Oslo?', 'neutral', 'question', 'support', 'join'],
    ['I flew on Tuesday', 'neutral', 'default', 'triage', 'open'],
  ] as const)('given "%s", %s: %s → %s, %s', (text, label, rule, team, loop) => {
    const route = routeFeedback(ruleSet, feedbackWith({ text }), sentiment(label), (_, error) => {
      throw error;
    });
    expect(route).toMatchObject({ rule, team, loop });
  });

  it.each([
    [{ rating: { value: 1, scale: 5 } }, 'low-rating'],
    [{ survey: { metric: 'nps', score: 6, scale: 10 } }, 'survey-detractor'],
    [{ survey: { metric: 'csat', score: 2, scale: 5 } }, 'survey-detractor'],
    [{ survey: { metric: 'nps', score: 9, scale: 10 } }, 'praise'],
    [{ survey: { metric: 'nps', score: 8, scale: 10 } }, 'default'],
  ] as const)('given %j without a word: %s', (content, rule) => {
    const route = routeFeedback(ruleSet, feedbackWith(content), tagsWith({}), (_, error) => {
      throw error;
    });
    expect(route.rule).toBe(rule);
  });

  it('given nothing at all: triage, without a loop', () => {
    const route = routeFeedback(ruleSet, feedbackWith({}), tagsWith({ spamOrEmpty: true }), (_, error) => {
      throw error;
    });
    expect(route).toMatchObject({ rule: 'nothing-said', team: 'triage', loop: 'none' });
  });
});
