import { startHasty } from './hasty-receipt.js';

await startHasty();
