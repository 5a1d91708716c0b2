import { programOf } from '@closeloop/cli';
import { type ServiceName } from '@closeloop/contracts';
import { startService } from '@closeloop/platform';
import { type Type } from '@nestjs/common';

/** A file of a service as it was built: infra knows services as programs, and this is one of them, taken apart. */
export const builtFile = async <T>(service: ServiceName, file: string): Promise<T> =>
  (await import(programOf(service, file))) as T;

/** Runs a service as its own main does, after `take` has taken something out of its module. */
export async function startBroken(service: ServiceName, take: (module: Type) => void | Promise<void>): Promise<void> {
  const exported = await builtFile<Record<string, Type>>(service, `${service}.module.js`);
  const module = Object.values(exported)[0]!;
  await take(module);
  await startService(service, module);
}
