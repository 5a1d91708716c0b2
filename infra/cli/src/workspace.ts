import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipeline, type ServiceName } from '@closeloop/contracts';

/** The checkout's folder; from src/ and dist/ alike. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** In the order the data meets them. */
export const services = Object.keys(pipeline) as ServiceName[];

/** What a service is run by: its main with all that it imports in one file. */
export const mainOf = (service: ServiceName) => programOf(service, join('bundle', 'main.js'));

/** A compiled file of a service: `migrate.js`, `keys.js`. */
export const programOf = (service: ServiceName, file: string) => join(workspaceRoot, 'services', service, 'dist', file);

/** Services that keep something in a database. */
export const statefulServices = () => services.filter((service) => existsSync(programOf(service, 'migrate.js')));
