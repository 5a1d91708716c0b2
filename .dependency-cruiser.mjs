import { directionRules } from './infra/architecture/direction-rules.mjs';

/** `npx depcruise services libs infra`: the direction rules, over sources only. */
export default {
  forbidden: directionRules,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|out-tsc|target|\\.data)/' },
    // an import of a type is an import: it says who knows whom
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      // workspace packages lead to their sources
      conditionNames: ['@closeloop/source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
    moduleSystems: ['es6', 'cjs'],
  },
};
