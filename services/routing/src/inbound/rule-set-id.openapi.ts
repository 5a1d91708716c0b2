/** How a rule set is named in a path. */
export const ruleSetId = { type: 'string', examples: ['draft-3', '12', 'active'] };
