/**
 * The direction of architecture.md as rules of dependency-cruiser. Paths are relative to the workspace's root.
 * Each rule has a probe in src/direction-rules.spec.ts: a new one without a probe fails there.
 */
const layers = '(inbound|application|domain|infrastructure)';
const tests = '\\.(spec|fixture)\\.ts$';
const workspaces = '^(libs|services|infra)/';

const lib = (name, others) => ({
  name: `${name}-depends-on`,
  comment:
    others.length > 0 ? `libs/${name} imports no more than ${others.join(', ')}` : `libs/${name} imports no other lib`,
  severity: 'error',
  from: { path: `^libs/${name}/`, ...(name !== 'testing' && { pathNot: tests }) },
  to: {
    path: workspaces,
    pathNot: [name, ...others].map((other) => `^${other.includes('/') ? other : `libs/${other}`}/`),
  },
});

const layer = (name, inward) => ({
  name: `${name}-looks-inwards`,
  comment: `inside a service: inbound → application → domain, infrastructure → domain; configuration is for all but the domain`,
  severity: 'error',
  from: { path: `^services/([^/]+)/src/${name}/`, pathNot: tests },
  to: { path: `^services/$1/src/${layers}/`, pathNot: [name, ...inward].map((each) => `^services/$1/src/${each}/`) },
});

export const directionRules = [
  {
    name: 'no-cycle',
    comment: 'what imports each other cannot be read, tested or started alone',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-unresolved-import',
    comment: 'an import that leads nowhere would slip past every other rule',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  lib('contracts', []),
  lib('platform', []),
  lib('messaging', ['platform', 'contracts']),
  lib('testing', ['contracts', 'infra/embedded']),
  {
    name: 'service-depends-on-libs',
    comment: 'services import messaging, platform and contracts; what is in infra stands around them',
    severity: 'error',
    from: { path: '^services/', pathNot: tests },
    to: { path: '^(libs|infra)/', pathNot: '^libs/(messaging|platform|contracts)/' },
  },
  {
    name: 'no-service-from-service',
    comment: 'services speak by events',
    severity: 'error',
    from: { path: '^services/([^/]+)/' },
    to: { path: '^services/', pathNot: '^services/$1/' },
  },
  {
    name: 'no-service-from-infra',
    comment: 'infra starts services as processes and talks to them as anyone does',
    severity: 'error',
    from: { path: '^infra/', pathNot: tests },
    to: { path: '^services/' },
  },
  layer('inbound', ['application', 'domain']),
  layer('application', ['domain']),
  layer('domain', []),
  layer('infrastructure', ['domain']),
  {
    name: 'no-wiring-from-layers',
    comment: 'modules, main and migrate know the layers, never the other way; a configuration class may be injected',
    severity: 'error',
    from: { path: `^services/([^/]+)/src/${layers}/`, pathNot: tests },
    to: { path: '^services/$1/src/[^/]+$', pathNot: '\\.config\\.ts$' },
  },
  {
    name: 'domain-is-pure',
    comment: 'the domain imports no framework, no database, no broker and no configuration',
    severity: 'error',
    from: { path: '^services/[^/]+/src/domain/', pathNot: tests },
    to: {
      path: [
        '(^|node_modules/)(@nestjs|@fastify|fastify|typeorm|pg|kafkajs|rxjs|undici|jose|prom-client)(/|$)',
        '^libs/(messaging|platform)/',
        '\\.config\\.ts$',
      ],
    },
  },
  {
    name: 'domain-does-no-io',
    comment: 'of what Node brings, the domain takes what only computes',
    severity: 'error',
    from: { path: '^services/[^/]+/src/domain/', pathNot: tests },
    to: { dependencyTypes: ['core'], pathNot: '^(node:)?(assert|buffer|crypto|url|util)$' },
  },
  {
    name: 'kafkajs-stays-in-messaging',
    comment:
      'the guarantees live in one place; only messaging, testing, infra/{demo,bench,faults} speak Kafka themselves',
    severity: 'error',
    from: { pathNot: '^(libs/(messaging|testing)|infra/(demo|bench|faults))/' },
    to: { path: '(^|node_modules/)kafkajs(/|$)' },
  },
  {
    name: 'testing-is-for-specs',
    comment: 'libs/testing is imported by specs and their fixtures only',
    severity: 'error',
    from: { pathNot: [tests, '^libs/testing/'] },
    to: { path: '^libs/testing/' },
  },
  {
    name: 'no-test-code-in-production',
    comment: 'what runs imports no spec and no fixture',
    severity: 'error',
    from: { pathNot: tests },
    to: { path: tests },
  },
];
