import { constants, setPriority } from 'node:os';
import { startService } from '@closeloop/platform';
import { InsightsModule } from './insights.module.js';

/** Those on whose way the feedback is go first, where processors are few; once it runs, as it is to be back soon after a crash. */
void startService('insights', InsightsModule).then(() => setPriority(constants.priority.PRIORITY_BELOW_NORMAL));
