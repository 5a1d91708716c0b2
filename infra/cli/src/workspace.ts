import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipeline, type ServiceName } from '@closeloop/contracts';

/** The checkout's folder; from src/ and dist/ alike. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** In the order the data meets them. */
export const services = Object.keys(pipeline) as ServiceName[];

/** A service whose source lies in another one's folder; there its programs have its name: `learning.main.ts`. */
const hosts: Partial<Record<ServiceName, ServiceName>> = { learning: 'sentiment' };

const builtIn = (service: ServiceName, ...names: string[]) =>
  join(workspaceRoot, 'services', hosts[service] ?? service, 'dist', ...names);

/** What a service is run by: its main with all that it imports in one file. */
export const mainOf = (service: ServiceName) =>
  builtIn(service, 'bundle', ...(hosts[service] ? [service] : []), 'main.js');

/** A compiled program of a service: `migrate.js`, `keys.js`. */
export const programOf = (service: ServiceName, file: string) =>
  builtIn(service, hosts[service] ? `${service}.${file}` : file);

/** Services that keep something in a database. */
export const statefulServices = () => services.filter((service) => existsSync(programOf(service, 'migrate.js')));
