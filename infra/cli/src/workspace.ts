import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipeline, type ServiceName } from '@closeloop/contracts';

/** The checkout's folder; from src/ and dist/ alike. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** In the order the data meets them. */
export const services = Object.keys(pipeline) as ServiceName[];

/** What runs as a process of its own: the services of the pipeline, and the console, which takes and makes no events. */
export type ProgramName = ServiceName | 'console';

/** Those that `npm start` starts. */
export const programs: readonly ProgramName[] = [...services, 'console'];

/** A service whose source lies in another one's folder; there its programs have its name: `learning.main.ts`. */
const hosts: Partial<Record<ProgramName, ServiceName>> = { learning: 'sentiment', rehearsal: 'routing' };

const builtIn = (service: ProgramName, ...names: string[]) =>
  join(workspaceRoot, 'services', hosts[service] ?? service, 'dist', ...names);

/** What a service is run by: its main with all that it imports in one file. */
export const mainOf = (service: ProgramName) =>
  builtIn(service, 'bundle', ...(hosts[service] ? [service] : []), 'main.js');

/** A compiled program of a service: `migrate.js`, `keys.js`. */
export const programOf = (service: ServiceName, file: string) =>
  builtIn(service, hosts[service] ? `${service}.${file}` : file);

/** Services that keep something in a database. */
export const statefulServices = () => services.filter((service) => existsSync(programOf(service, 'migrate.js')));
