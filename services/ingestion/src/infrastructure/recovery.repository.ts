import { type AuditLog } from '@closeloop/platform';
import { type DataSource } from 'typeorm';
import { type Actor } from '../domain/actor.js';
import { recover, revisionKey, type LoggedRevision, type Recovered, type Recovery } from '../domain/recovery.js';
import { lockStandings, saveRevisions } from './acceptance.repository.js';

/** Enters revisions as acceptance does, but as the log tells of them, and sends nothing. */
export class RecoveryRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly run: { readonly actor: Actor; readonly since: Date },
  ) {}

  /** In one transaction. @throws Overtaken when something was accepted meanwhile: nothing was entered, try again */
  enter(logged: readonly LoggedRevision[]): Promise<Recovery> {
    return this.dataSource.transaction(async (manager) => {
      const ids = [...new Set(logged.map(({ feedbackId }) => feedbackId))].sort();
      const { standings } = await lockStandings(manager, ids);
      const rows = await manager.query<{ feedback_id: string; revision: number; content_hash: string }[]>(
        `select feedback_id, revision, encode(content_hash, 'hex') as content_hash
         from feedback_revision where feedback_id = any($1::uuid[])`,
        [ids],
      );
      const hashes = new Map(rows.map((row) => [revisionKey(row.feedback_id, row.revision), row.content_hash]));
      const recovery = recover(logged, standings, hashes);
      for (const [receivedAt, entered] of byTime(recovery.entered)) {
        const revisions = entered.map(({ revision }) => revision);
        // the last standing of each is the one that holds
        const last = new Map(entered.map((one) => [one.revision.feedbackId, one]));
        const created = new Set(entered.filter((one) => one.created).map(({ revision }) => revision.feedbackId));
        const sorted = [...last.values()].sort((a, b) => (a.revision.feedbackId < b.revision.feedbackId ? -1 : 1));
        const standing = sorted.map(({ revision: { feedbackId, source }, standing: one }) => ({
          ...{ feedbackId, source, standing: one },
        }));
        await saveRevisions(manager, {
          now: new Date(receivedAt),
          created: standing.filter(({ feedbackId }) => created.has(feedbackId)),
          changed: standing.filter(({ feedbackId }) => !created.has(feedbackId)),
          revisions,
          counts: countsOf(entered),
        });
      }
      const [first] = recovery.entered;
      if (first) {
        await this.audit.append(manager, {
          ...{ actor: this.run.actor, action: 'feedback.recovered' },
          resource: { kind: 'recovery', id: this.run.since.toISOString() },
          after: { revisions: recovery.entered.length, first: first.revision.feedbackId },
        });
      }
      return recovery;
    });
  }
}

function byTime(entered: readonly Recovered[]): Map<number, Recovered[]> {
  const groups = new Map<number, Recovered[]>();
  for (const one of entered) {
    const group = groups.get(one.revision.receivedAt);
    if (group) group.push(one);
    else groups.set(one.revision.receivedAt, [one]);
  }
  return groups;
}

function countsOf(entered: readonly Recovered[]) {
  const counts = new Map<string, { source: string; result: 'accepted' | 'revised'; count: number }>();
  for (const { revision, created } of entered) {
    const result = created ? 'accepted' : 'revised';
    const key = `${result}/${revision.source}`;
    const counted = counts.get(key);
    if (counted) counted.count++;
    else counts.set(key, { source: revision.source, result, count: 1 });
  }
  return [...counts.values()].sort((a, b) => (a.source < b.source ? -1 : 1));
}
