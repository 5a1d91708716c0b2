import { startService } from '@closeloop/platform';
import { LoopModule } from './loop.module.js';

// feedback.routed.v1 ──▶ here ──▶ loop.changed.v1; agents answer and customers judge by HTTP
void startService('loop', LoopModule);
