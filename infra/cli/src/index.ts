export { AlreadyRunning, runningInstance, type Instance } from './instance.js';
export { prepareStores, startPlatform, type Platform, type PlatformOptions } from './platform.js';
export { mainOf, programOf, services, workspaceRoot } from './workspace.js';
export { memoryOptions, nodeFlags } from './memory-options.js';
