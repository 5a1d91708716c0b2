import { startService } from '@closeloop/platform';
import { RoutingModule } from './routing.module.js';

void startService('routing', RoutingModule);
