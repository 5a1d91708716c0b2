import { Injectable } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';

/** What paths there are and what methods each takes; the router itself only knows "not found". */
@Injectable()
export class RouteTable {
  readonly #routes: { path: string; segments: readonly string[]; methods: readonly string[] }[] = [];

  add(path: string, methods: readonly string[]): void {
    this.#routes.push({ path, segments: segmentsOf(path), methods });
  }

  /** Each method of each path, as they were added. */
  all(): { method: string; path: string }[] {
    return this.#routes.flatMap(({ path, methods }) => methods.map((method) => ({ method, path })));
  }

  /** Whether the router found no route for the request. */
  isUnknown(request: FastifyRequest): boolean {
    return request.is404 === true;
  }

  /** The methods that a path takes, sorted; empty for a path that is not there. */
  methodsOf(path: string): string[] {
    const given = segmentsOf(path);
    const methods = this.#routes.filter((route) => matches(route.segments, given)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}

function segmentsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/').slice(1);
}

function matches(pattern: readonly string[], given: readonly string[]): boolean {
  for (const [i, segment] of pattern.entries()) {
    if (segment === '*') return true;
    const value = given[i];
    if (value === undefined) return false;
    if (segment.startsWith(':') ? value === '' : segment !== value) return false;
  }
  return pattern.length === given.length;
}
