import { startHop } from './hop.js';
import { run } from './program.js';

const route = {
  ...{ team: 'support', priority: 'high', slaPolicy: 'urgent', labels: ['low-rating'], loop: 'open' },
  ...{ ruleSetVersion: 1, rule: 'low-rating' },
};

run(() =>
  startHop('feedback.tagged.v1', 'feedback.routed.v1', (tagged: object) => ({ ...tagged, routeRevision: 1, route })),
);
