import { startUnfenced } from './unfenced.js';

await startUnfenced('ingestion');
