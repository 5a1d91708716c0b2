import { orExplain, prepare } from './bootstrap/prepare.mjs';

await orExplain(() => prepare());
