import { startStoppingAtPoison } from './poison-stopper.js';

await startStoppingAtPoison('loop');
