import { Injectable } from '@nestjs/common';
import { type ProblemError } from '@closeloop/platform';
import { OuterLoopStore } from '../domain/outer-loop-store.js';
import { type Person } from '../domain/outer-loop-permission.js';
import { ruleErrors, type Ownership } from '../domain/ownership.js';

export type OwnershipResult =
  | { readonly kind: 'done'; readonly ownership: Ownership }
  | { readonly kind: 'conflict'; readonly ownership: Ownership }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** Which team owns which part of the experience, and so which insights go to it. */
@Injectable()
export class OwnExperience {
  constructor(private readonly store: OuterLoopStore) {}

  read(): Promise<Ownership> {
    return this.store.ownership();
  }

  /** From now on; who has an insight keeps it. For managers and admins. */
  async set(person: Person, expected: number, given: Omit<Ownership, 'version'>): Promise<OwnershipResult> {
    const errors = ruleErrors(given.rules);
    if (errors.length > 0) {
      return {
        kind: 'invalid',
        errors: errors.map(({ index, ...error }) => ({ pointer: `/rules/${index}`, ...error })),
      };
    }
    return this.store.run(async (tx, now): Promise<OwnershipResult> => {
      const before = await tx.ownership();
      const ownership = { ...given, version: before.version + 1 };
      if (before.version !== expected || !(await tx.saveOwnership(ownership, person.subject, now))) {
        return { kind: 'conflict', ownership: before };
      }
      await tx.audit({
        ...{ by: person, action: 'ownership.set', resource: { kind: 'ownership', id: 'ownership' } },
        before: { version: before.version, defaultTeam: before.defaultTeam, rules: JSON.stringify(before.rules) },
        after: {
          version: ownership.version,
          defaultTeam: ownership.defaultTeam,
          rules: JSON.stringify(ownership.rules),
        },
      });
      return { kind: 'done', ownership };
    });
  }
}
