/**
 * What a domain may not ask its surroundings for, as rules of ESLint: time, chance, the process, the network. The caller
 * hands them in. What it may not import is in direction-rules.mjs.
 */
const handedIn = 'is handed in by the caller: the domain has no clock, no chance and no I/O (architecture.md)';

export const domainRules = {
  'no-restricted-globals': [
    'error',
    ...[
      'process',
      'performance',
      'fetch',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'console',
      'crypto',
    ].map((name) => ({ name, message: `${name} ${handedIn}.` })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: `The time ${handedIn}.` },
    { object: 'Math', property: 'random', message: `Chance ${handedIn}.` },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: `The time ${handedIn}.` },
    { selector: "CallExpression[callee.name='Date']", message: `The time ${handedIn}.` },
    {
      selector:
        'ImportDeclaration[source.value=/^(node:)?crypto$/] > ImportSpecifier[imported.name=/^(random|generateKey|getRandomValues|webcrypto)/]',
      message: `Chance ${handedIn}.`,
    },
    {
      selector:
        'ImportDeclaration[source.value=/^(node:)?crypto$/] > :matches(ImportDefaultSpecifier, ImportNamespaceSpecifier)',
      message: 'Import from node:crypto by name, so that it can be seen that nothing random is taken.',
    },
  ],
};
