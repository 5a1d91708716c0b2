import { startService } from '@closeloop/platform';
import { constants, setPriority } from 'node:os';
import { LearningModule } from './learning.module.js';

/** Those on whose way the feedback is go first, where processors are few; once it runs, as it is to be back soon after a crash. */
void startService('learning', LearningModule).then(() => setPriority(constants.priority.PRIORITY_BELOW_NORMAL));
