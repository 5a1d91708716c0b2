import { constants, setPriority } from 'node:os';
import { startService } from '@closeloop/platform';
import { RehearsalModule } from './rehearsal.module.js';

/** Those on whose way the feedback is go first, where processors are few; once it runs, as it is to be back soon after a crash. */
void startService('rehearsal', RehearsalModule).then(() => setPriority(constants.priority.PRIORITY_BELOW_NORMAL));
