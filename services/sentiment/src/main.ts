import { startService } from '@closeloop/platform';
import { SentimentModule } from './sentiment.module.js';

void startService('sentiment', SentimentModule);
