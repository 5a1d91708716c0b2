import { startWithRowlessOutbox } from './rowless-outbox.js';

await startWithRowlessOutbox('loop');
