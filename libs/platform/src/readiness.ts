import { Injectable } from '@nestjs/common';

/** Whether the service should be given work; asked by `GET /health/ready`. */
@Injectable()
export class Readiness {
  readonly #checks = new Map<string, () => string | undefined>();

  /** Adds a check, or replaces the one of that name. It answers why the service is not ready, or undefined. */
  register(name: string, reason: () => string | undefined): void {
    this.#checks.set(name, reason);
  }

  /** Why the service is not ready, by the check's name; empty when it is. */
  reasons(): Record<string, string> {
    const reasons: Record<string, string> = {};
    for (const [name, check] of this.#checks) {
      let reason: string | undefined;
      try {
        reason = check();
      } catch {
        reason = 'the check failed';
      }
      if (reason !== undefined) reasons[name] = reason;
    }
    return reasons;
  }
}
