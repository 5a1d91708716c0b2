export { AlreadyRunning, runningInstance, type Instance } from './instance.js';
export { startPlatform, type Platform, type PlatformOptions } from './platform.js';
