import type { Feedback } from '@closeloop/contracts';
import { AuditLog, personal } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  ActivationConflict,
  automatic,
  ModelStore,
  type Activation,
  type KeptModel,
  type ModelDescription,
} from '../domain/own/model-store.js';
import type { Lesson, RatedLesson } from '../domain/own/lesson.js';
import { sentimentOfRating } from '../domain/sentiment/rating-sentiment.js';
import { readActivations, readActive, readKept, type Query } from './model.statement.js';

/** Held by the replica that learns; and while an activation is written, so that two are not both the last. */
const learningLock = 4_605_000_001;
const activationLock = 4_605_000_002;

@Injectable()
export class ModelRepository extends ModelStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  readonly #query: Query = <Row>(statement: string, parameters: unknown[] = []) =>
    this.dataSource.query<Row[]>(statement, parameters);

  override active(): Promise<Activation> {
    return readActive(this.#query);
  }

  override kept(version: string): Promise<KeptModel> {
    return readKept(this.#query, version);
  }

  override activations(limit: number): Promise<readonly Activation[]> {
    return readActivations(this.#query, limit);
  }

  override async all(): Promise<readonly ModelDescription[]> {
    const rows = await this.#query<Omit<ModelDescription, 'comparedWith'> & { comparedWith: string | null }>(
      `select version, base, made_at "madeAt", made_by "madeBy", compared_with "comparedWith", corrections, rated, trials
       from own_model order by made_at desc, version`,
    );
    return rows.map((row) => ({ ...row, comparedWith: row.comparedWith ?? undefined }));
  }

  override async corrections(): Promise<{ now: number; atLastRun: number }> {
    const [row] = await this.#query<{ now: number; atLastRun: number }>(
      `select (select count(*)::int from correction where feedback is not null) as now,
         coalesce((select corrections from learning_run order by id desc limit 1), 0) as "atLastRun"`,
    );
    return row!;
  }

  override async lessons(maxRated: number): Promise<{ lessons: Lesson[]; rated: RatedLesson[] }> {
    // What was said of a feedback's tags one after the other adds up; the last word on each of them counts.
    const said = await this.#query<Lesson & { feedbackId: string }>(
      `select feedback_id "feedbackId", feedback, language, said from correction
       where feedback is not null order by feedback_id, revision, tag_revision`,
    );
    const byFeedback = new Map<string, Lesson>();
    for (const { feedbackId, ...lesson } of said) {
      const known = byFeedback.get(feedbackId);
      const adds = known && known.feedback.revision === lesson.feedback.revision;
      byFeedback.set(feedbackId, adds ? { ...lesson, said: { ...known.said, ...lesson.said } } : lesson);
    }
    const stars = await this.#query<{ feedback: Feedback; language: string }>(
      `select feedback, tags->'language'->>'tag' as language from tagged_feedback known
       where feedback is not null and coalesce(feedback->>'rating', feedback->>'survey') is not null
         and coalesce(feedback->>'text', feedback->>'title', '') <> ''
         and not exists (select from correction where correction.feedback_id = known.feedback_id)
       order by received_at desc, feedback_id limit $1`,
      [maxRated],
    );
    const rated = stars.flatMap(({ feedback, language }): RatedLesson[] => {
      const label = sentimentOfRating(feedback)?.label;
      return label === undefined ? [] : [{ feedback, language, label }];
    });
    return { lessons: [...byFeedback.values()], rated };
  }

  override async alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.connect();
      const [row] = (await runner.query('select pg_try_advisory_lock($1) as got', [learningLock])) as {
        got: boolean;
      }[];
      if (!row!.got) return undefined;
      try {
        return await work();
      } finally {
        // A connection that is gone has given it back already.
        await runner.query('select pg_advisory_unlock($1)', [learningLock]).catch(() => undefined);
      }
    } finally {
      await runner.release();
    }
  }

  override async ran(corrections: number, kept?: Parameters<ModelStore['ran']>[1]): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      if (kept) {
        const { model, about, by } = kept;
        const { comparedWith, corrections: learnedFrom, rated, trials } = about;
        // The same lessons give the same version: it is there already.
        await manager.query(
          `insert into own_model (version, base, made_by, compared_with, corrections, rated, trials)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
          [
            model.version,
            model.base,
            by?.subject ?? automatic,
            comparedWith ?? null,
            learnedFrom,
            rated,
            JSON.stringify(trials),
          ],
        );
        for (const [name, bytes] of model.parts) {
          await manager.query(
            'insert into own_model_part (version, name, bytes) values ($1, $2, $3) on conflict do nothing',
            [model.version, name, bytes],
          );
        }
        if (by) {
          await this.audit.append(manager, {
            ...{ actor: by, action: 'model.learned', resource: { kind: 'model', id: model.version } },
            after: { base: model.base, comparedWith: comparedWith ?? 'shipped', corrections: learnedFrom, rated },
          });
        }
      }
      await manager.query('insert into learning_run (corrections, version) values ($1, $2)', [
        corrections,
        kept?.model.version ?? null,
      ]);
    });
  }

  override activate(version: string | undefined, given: Parameters<ModelStore['activate']>[1]): Promise<Activation> {
    const { by, reason, rollback, instead } = given;
    return this.dataSource.transaction(async (manager) => {
      const query: Query = <Row>(statement: string, parameters: unknown[] = []) =>
        manager.query<Row[]>(statement, parameters);
      await query('select pg_advisory_xact_lock($1)', [activationLock]);
      const active = await readActive(query);
      if (active.number !== instead) throw new ActivationConflict(active);
      await query('insert into model_activation (version, by, reason, rollback) values ($1, $2, $3, $4)', [
        ...[version ?? null, by?.subject ?? automatic, reason, rollback],
      ]);
      const after = await readActive(query);
      if (by) {
        await this.audit.append(manager, {
          ...{ actor: by, action: rollback ? 'model.rolled-back' : 'model.activated' },
          resource: { kind: 'model', id: version ?? 'shipped' },
          before: { active: active.version ?? 'shipped', number: active.number },
          after: { active: version ?? 'shipped', number: after.number, reason: personal(reason) },
        });
      }
      return after;
    });
  }
}
