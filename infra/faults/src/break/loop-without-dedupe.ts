import { startForgetful } from './forgetful-settlement.js';

await startForgetful();
