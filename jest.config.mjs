import { availableParallelism } from 'node:os';

/** One run for the whole workspace, so that one Kafka and one Postgres serve every spec. */
const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/services', '<rootDir>/libs', '<rootDir>/infra'],
  testMatch,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@closeloop/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['/dist/', '/out-tsc/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  ...extra,
});

export default {
  // Jest takes it from here only, not from a project; what waits says so earlier by itself.
  testTimeout: 60_000,
  // Specs that wait for Kafka leave a quarter of two cores idle when there are only two of them. More than 100 % Jest takes for a number of workers.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  testSequencer: '<rootDir>/libs/testing/jest/spread-systems.sequencer.mjs',
  projects: [
    project('unit', ['**/*.spec.ts'], {
      testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.(int|e2e)\\.spec\\.ts$'],
    }),
    project('int', ['**/*.int.spec.ts', '**/*.e2e.spec.ts'], {
      testPathIgnorePatterns: ['/node_modules/', '/dist/'],
      // Jest runs these only when a spec of this project is selected.
      globalSetup: '<rootDir>/libs/testing/jest/global-setup.mjs',
      globalTeardown: '<rootDir>/libs/testing/jest/global-teardown.mjs',
    }),
  ],
};
