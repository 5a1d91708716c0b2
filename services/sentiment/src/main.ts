import { startService } from '@closeloop/platform';
import { SentimentModule } from './sentiment.module.js';

await startService('sentiment', SentimentModule);
