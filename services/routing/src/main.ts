import { startService } from '@closeloop/platform';
import { RoutingModule } from './routing.module.js';

await startService('routing', RoutingModule);
