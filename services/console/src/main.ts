import { startService } from '@closeloop/platform';
import { ConsoleModule } from './console.module.js';

void startService('console', ConsoleModule);
