import 'reflect-metadata';
import {
  type DynamicModule,
  type FactoryProvider,
  type InjectionToken,
  type Provider,
  type Type,
} from '@nestjs/common';

type ModuleLike = Type | DynamicModule;

/**
 * Puts another provider in the place of one, wherever in a module and what it imports it is provided: what ships has no switch for it.
 * To be done before the module is started.
 * @throws where there is none, so that a guard that has moved is noticed
 */
export function replaceProvider(root: ModuleLike, token: unknown, replaced: (provider: Provider) => Provider): void {
  let found = 0;
  const seen = new Set<ModuleLike>();
  const walk = (module: ModuleLike): void => {
    if (seen.has(module)) return;
    seen.add(module);
    const isDynamic = 'module' in module;
    const declared = isDynamic ? module.module : module;
    for (const providers of [isDynamic ? module.providers : undefined, metadata<Provider>('providers', declared)]) {
      providers?.forEach((provider, at) => {
        if (tokenOf(provider) !== token) return;
        providers[at] = replaced(provider);
        found++;
      });
    }
    const imports = [...((isDynamic && module.imports) || []), ...(metadata<ModuleLike>('imports', declared) ?? [])];
    for (const imported of imports) {
      if (typeof imported === 'function' || 'module' in imported) walk(imported as ModuleLike);
    }
  };
  walk(root);
  if (found === 0)
    throw new Error(`Nothing provides ${nameOf(token)}: the guard that was to be taken out is elsewhere.`);
}

/**
 * What the provider makes, altered: `alter` gets it and what is injected for it.
 * @throws where the provider is no factory any more
 */
export const altered =
  <T extends object>(alter: (made: T, ...injected: never[]) => void, ...inject: InjectionToken[]) =>
  (provider: Provider): Provider => {
    const { provide, inject: own = [], useFactory: make } = provider as FactoryProvider<T>;
    if (typeof make !== 'function') throw new Error(`${nameOf(tokenOf(provider))} is not made by a factory any more.`);
    return {
      provide,
      inject: [...inject, ...own],
      useFactory: async (...given: unknown[]) => {
        const made = await make(...(given.slice(inject.length) as never[]));
        alter(made, ...(given.slice(0, inject.length) as never[]));
        return made;
      },
    };
  };

const metadata = <T>(name: string, module: Type): T[] | undefined =>
  Reflect.getMetadata(name, module) as T[] | undefined;

const tokenOf = (provider: Provider): unknown => (typeof provider === 'function' ? provider : provider.provide);

const nameOf = (token: unknown): string => (typeof token === 'function' ? token.name : String(token));
