import { Catch, type ExceptionFilter } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';

/** Nest would put "Internal server error" in the place of what a consumer threw; whose error it is, is told by the original. */
@Catch()
class OriginalErrorFilter implements ExceptionFilter {
  catch(exception: unknown): never {
    throw exception;
  }
}

const filter = new OriginalErrorFilter();

/**
 * Puts the filter on every `@EventPattern` method of the application, before Nest registers them, so that no consumer
 * has to be decorated. A filter that the method has itself is asked first.
 */
export function letOriginalErrorsThrough(modules: ModulesContainer): void {
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const prototype = (metatype as { prototype?: object } | null)?.prototype;
      if (!prototype) continue;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const method = (prototype as Record<string, unknown>)[name];
        if (typeof method !== 'function' || !Reflect.hasMetadata(PATTERN_METADATA, method)) continue;
        const filters = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, method) ?? []) as unknown[];
        if (!filters.includes(filter)) Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, [filter, ...filters], method);
      }
    }
  }
}
