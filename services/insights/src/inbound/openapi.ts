import { stationPaths } from '@closeloop/messaging';
import { auditPaths, openApi, type OpenApiDocument } from '@closeloop/platform';
import { driverPaths, driverSchemas } from './drivers.openapi.js';
import { metricsPaths, metricsSchemas } from './metrics.openapi.js';
import { outerLoopPaths, outerLoopSchemas } from './outer-loop.openapi.js';
import { rebuildsPaths, rebuildsSchemas } from './rebuilds.openapi.js';

/** The document of the interface; `version` is the service's own. */
export const openApiDocument = (version: string): OpenApiDocument =>
  openApi.documentOf(
    {
      ...{ title: 'Closeloop insights', version },
      summary: 'What service learned: metrics, what is behind them, customers, and what changes.',
    },
    [
      { name: 'metrics', description: 'Numbers with n and interval, never bare' },
      { name: 'drivers', description: 'What topics move the scores' },
      { name: 'emerging', description: 'What comes more often than expected' },
      { name: 'customers', description: 'One customer over all channels' },
      { name: 'insights', description: 'What service learned, for those who can change it' },
      { name: 'improvements', description: 'What is changed because of it, and who is told' },
      { name: 'ownership', description: 'Who can change what' },
      { name: 'changes', description: 'What happens, as it happens' },
      { name: 'rebuilds', description: 'The read model made anew' },
    ],
    {
      ...metricsPaths,
      ...outerLoopPaths,
      ...driverPaths,
      ...rebuildsPaths,
      ...auditPaths(openApi.people, 'operations', openApi.may('Invalid')),
      ...stationPaths(openApi.people, 'operations', openApi.may()),
    },
    { ...metricsSchemas, ...outerLoopSchemas, ...driverSchemas, ...rebuildsSchemas },
  );
