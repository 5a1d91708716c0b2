export * from './eventually.js';
export * from './recorder.js';
export * from './test-environment.js';
export * from './access-table.js';
