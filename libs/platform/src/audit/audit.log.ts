import { createHmac, randomBytes } from 'node:crypto';
import { type EntityManager } from 'typeorm';

import { loadConfig } from '../configuration.js';
import { type Env } from '../environment.js';
import { type AuditEntry, type AuditFacts, Personal } from './audit-entry.js';
import { AuditConfig } from './audit.config.js';

/** What people change, written in the transaction of the change: both are there, or neither. */
export class AuditLog {
  readonly #key: string | Buffer;
  #appended: () => void = () => undefined;

  constructor({ hashKey }: AuditConfig) {
    this.#key = hashKey ?? randomBytes(32);
  }

  /** For a program that runs beside the service. */
  static for(service: string, env: Env): AuditLog {
    return new AuditLog(loadConfig(AuditConfig, env, service));
  }

  /** Called after each append; the entries are committed a moment later. */
  onAppend(listener: () => void): void {
    this.#appended = listener;
  }

  /** One statement, however many. When it was is the database's clock's to say. */
  async append(manager: EntityManager, ...entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await manager.query(
      `insert into audit_log (actor_kind, actor, roles, action, kind, resource, before, after)
       select actor_kind, actor, roles, action, kind, resource, before::json, after::json
       from json_to_recordset($1) as entry
         (actor_kind text, actor text, roles text[], action text, kind text, resource text, before text, after text)`,
      [JSON.stringify(entries.map((entry) => this.#rowOf(entry)))],
    );
    this.#appended();
  }

  #rowOf({ actor, action, resource, before, after }: AuditEntry): object {
    const written = (facts: AuditFacts | undefined): string | null =>
      facts === undefined
        ? null
        : JSON.stringify(facts, (name, value: unknown) =>
            value instanceof Personal ? { hash: this.#hashOf(resource, name, value.value) } : value,
          );
    return {
      ...{ actor_kind: actor.kind, actor: actor.subject, roles: actor.roles, action },
      ...{ kind: resource.kind, resource: resource.id, before: written(before), after: written(after) },
    };
  }

  /** Equal for the same value at the same place alone: entries of two things cannot be laid side by side. */
  #hashOf({ kind, id }: AuditEntry['resource'], name: string, value: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([kind, id, name, value]))
      .digest('hex');
  }
}
