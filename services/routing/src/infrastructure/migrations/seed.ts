import type { firstTeams } from '@closeloop/contracts';
import type { RuleDefinition } from '../../domain/rule-set.js';

export const seedTeams: readonly { name: (typeof firstTeams)[number]; displayName: string }[] = [
  { name: 'triage', displayName: 'Triage' },
  { name: 'support', displayName: 'Customer support' },
  { name: 'operations', displayName: 'Operations: flights, baggage, rooms' },
  { name: 'billing', displayName: 'Billing and refunds' },
  { name: 'product', displayName: 'Product: app and website' },
  { name: 'marketing', displayName: 'Marketing and community' },
];

/** Words as whole words, whatever their case; title and text both. */
const says = (words: string): string => {
  const pattern = `r"(?i)\\b(?:${words})\\b"`;
  return `(feedback.text.matches(${pattern}) || feedback.title.matches(${pattern}))`;
};
const notPraise = 'tags.sentiment.label != "positive"';
/** Some of what is mixed is a complaint, and what is good in it helps nobody with that. */
const negative = 'tags.sentiment.label in ["negative", "mixed"]';

const money =
  'refund(?:s|ed|ing)?|over ?charged?|charged|billing|invoices?|payments?|reimburse(?:d|ment)?|vouchers?|money back|credit card|fees?|' +
  'double booked and paid';
const disruption =
  'delay(?:s|ed|ing)?|cancel(?:s|l?ed|l?ing|l?ation|l?ations)?|stranded|divert(?:ed)?|re-?book(?:ed|ing)?|missed (?:my |our |the )?connection|' +
  'tarmac|bag|bags|baggage|luggage|suitcases?|late flight|flight(?:s|r)? (?:is |was |being )?late|on hold|hours? late';
const rooms =
  'dirty|filthy|noisy|housekeeping|towels?|mou?ld|leak(?:s|ed|ing)?|lift|elevator|air ?con(?:ditioning)?|no hot water|broken|check-?in desk';
const screens =
  'app|website|web ?site|site|web ?page|log ?in|logged out|password|crash(?:es|ed|ing)?|bugs?|error|screen|online check-?in|(?:app|software|latest|new|last) update';
const danger =
  '(?:on|caught) fire|fire alarm|smoke|injur(?:y|ed|ies)|ambulance|bleeding|police|unsafe|not safe|assault(?:ed)?|harass(?:ed|ment)|bed ?bugs?|' +
  'food poisoning|emergency landing|allergic reaction|discriminat(?:ed|ion)';

/** Version 1: ordered, the first that matches wins; what is left goes to triage. */
export const seedRules: readonly RuleDefinition[] = [
  {
    name: 'safety',
    when: `${says(danger)} && ${notPraise}`,
    team: 'operations',
    priority: 'critical',
    slaPolicy: 'urgent',
    labels: ['safety'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'nothing-said',
    when: 'tags.spamOrEmpty',
    team: 'triage',
    priority: 'low',
    slaPolicy: 'relaxed',
    labels: ['empty'],
    loop: 'none',
    includeHistoric: false,
  },
  {
    name: 'money-complaint',
    when: `${says(money)} && ${negative}`,
    team: 'billing',
    priority: 'high',
    slaPolicy: 'urgent',
    labels: ['money', 'complaint'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'money',
    when: `${says(money)} && ${notPraise}`,
    team: 'billing',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['money'],
    loop: 'join',
    includeHistoric: false,
  },
  {
    name: 'disruption-complaint',
    when: `${says(disruption)} && ${negative}`,
    team: 'operations',
    priority: 'high',
    slaPolicy: 'urgent',
    labels: ['disruption', 'complaint'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'disruption',
    when: `${says(disruption)} && ${notPraise}`,
    team: 'operations',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['disruption'],
    loop: 'join',
    includeHistoric: false,
  },
  {
    name: 'rooms',
    when: `${says(rooms)} && ${negative}`,
    team: 'operations',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['rooms'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'screens',
    when: `${says(screens)} && ${notPraise}`,
    team: 'product',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['app-or-website'],
    loop: 'join',
    includeHistoric: false,
  },
  {
    name: 'low-rating',
    when: 'feedback.rating.value / feedback.rating.scale <= 0.4',
    team: 'support',
    priority: 'high',
    slaPolicy: 'urgent',
    labels: ['low-rating'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'survey-detractor',
    when:
      '(feedback.survey.metric == "nps" && feedback.survey.score <= 6) || ' +
      '(feedback.survey.metric in ["csat", "ces"] && feedback.survey.score / feedback.survey.scale <= 0.45)',
    team: 'support',
    priority: 'high',
    slaPolicy: 'urgent',
    labels: ['detractor'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'complaint',
    when: negative,
    team: 'support',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['complaint'],
    loop: 'open',
    includeHistoric: false,
  },
  {
    name: 'stars-against-words',
    when: 'tags.ratingMismatch',
    team: 'support',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['rating-mismatch'],
    loop: 'join',
    includeHistoric: false,
  },
  {
    name: 'praise',
    when: 'tags.sentiment.label == "positive" || (feedback.survey.metric == "nps" && feedback.survey.score >= 9)',
    team: 'marketing',
    priority: 'low',
    slaPolicy: 'relaxed',
    labels: ['praise'],
    loop: 'none',
    includeHistoric: false,
  },
  {
    name: 'question',
    when: 'feedback.text.contains("?") || feedback.title.contains("?")',
    team: 'support',
    priority: 'medium',
    slaPolicy: 'standard',
    labels: ['question'],
    loop: 'join',
    includeHistoric: false,
  },
];
