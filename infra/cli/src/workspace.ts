import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipeline, type ServiceName } from '@closeloop/contracts';

/** The checkout's folder; from src/ and dist/ alike. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** In the order the data meets them. */
export const services = Object.keys(pipeline) as ServiceName[];

/** The compiled file of a service: `main.js`, `migrate.js`, `keys.js`. */
export const programOf = (service: ServiceName, file: string) => join(workspaceRoot, 'services', service, 'dist', file);

/** Services that keep something in a database. */
export const statefulServices = () => services.filter((service) => existsSync(programOf(service, 'migrate.js')));
