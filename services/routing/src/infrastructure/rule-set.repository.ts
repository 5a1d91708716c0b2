import { canonicalJson, sha256 } from '@closeloop/contracts';
import { AuditLog, personal, sqlStateOf } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Actor } from '../domain/actor.js';
import type { RuleDefinition } from '../domain/rule-set.js';
import {
  AlreadyActiveError,
  DraftChangedError,
  RuleSetConflictError,
  RuleSetStore,
  UnknownTeamError,
  type ActiveVersions,
  type Change,
  type RuleSetDocument,
  type RuleSetHeading,
  type RuleSetStep,
} from '../domain/rule-set.store.js';
import { RuleEntity } from './rule.entity.js';

const foreignKeyViolation = '23503';
/** Held while a rule set becomes the active one: versions are counted without gaps, and one at a time. */
const activationLock = 4_603_000_001;
/** Past it a number is no integer of Postgres's. */
const mostDigits = 9;

interface DraftRow {
  readonly number: number;
  readonly edition: number;
  readonly based_on: number | null;
  readonly rules: RuleDefinition[] | null;
  readonly created_at: Date;
  readonly created_by: string;
  readonly version: number | null;
}

interface VersionRow {
  readonly version: number;
  readonly state: 'active' | 'retired';
  readonly created_at: Date;
  readonly created_by: string;
  readonly retired_at: Date | null;
  readonly activated_at: Date | null;
  readonly from_version: number | null;
  readonly draft: number | null;
  readonly draft_created_at: Date | null;
  readonly draft_created_by: string | null;
}

/** With the draft that it was, and when it became active */
const versions = `
  select rule_set.*, draft.number draft, draft.created_at draft_created_at, draft.created_by draft_created_by,
    (select at from rule_set_step step where step.version = rule_set.version and step.step = 'activated') activated_at
  from rule_set left join rule_set_draft draft on draft.version = rule_set.version`;

type Place = { readonly draft: number } | { readonly version: number };

const placeOf = (id: string): Place | undefined => {
  const [, draft, number = ''] = /^(draft-)?([1-9]\d*)$/.exec(id) ?? [];
  if (number === '' || number.length > mostDigits) return undefined;
  return draft === undefined ? { version: Number(number) } : { draft: Number(number) };
};

const draftHeading = ({ number, edition, based_on, created_at, created_by }: DraftRow) => ({
  ...{ id: `draft-${number}`, state: 'draft' as const, edition },
  ...(based_on !== null && { basedOn: based_on }),
  ...{ createdAt: created_at, createdBy: created_by },
});

const versionHeading = (row: VersionRow) => ({
  ...{ id: String(row.version), state: row.state, version: row.version },
  ...(row.draft !== null && { from: `draft-${row.draft}` }),
  ...(row.from_version !== null && { from: String(row.from_version) }),
  createdAt: row.draft_created_at ?? row.created_at,
  createdBy: row.draft_created_by ?? row.created_by,
  ...(row.activated_at && { activatedAt: row.activated_at }),
  ...(row.retired_at && { retiredAt: row.retired_at }),
});

@Injectable()
export class RuleSetRepository extends RuleSetStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override async activeVersions(): Promise<ActiveVersions> {
    const [row] = await this.dataSource.query<ActiveVersions[]>(
      `select rule_set.version "ruleSet", fallback_version.version fallbacks
       from rule_set, fallback_version where state = 'active'`,
    );
    return row ?? noneActive();
  }

  override activeRules(): Promise<{ version: number; rules: RuleDefinition[] }> {
    // One snapshot: between two statements another version could become the active one.
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const version = await this.#activeVersion(manager);
      return { version, rules: await rulesOf(manager, version) };
    });
  }

  override find(id: string): Promise<RuleSetDocument | undefined> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const place = id === 'active' ? { version: await this.#activeVersion(manager) } : placeOf(id);
      return place && this.#read(manager, place);
    });
  }

  override async list(limit: number): Promise<readonly RuleSetHeading[]> {
    const [drafts, versionRows] = await Promise.all([
      this.dataSource.query<(DraftRow & { count: number })[]>(
        `select *, json_array_length(rules) count from rule_set_draft where version is null order by number desc limit $1`,
        [limit],
      ),
      this.dataSource.query<(VersionRow & { count: number })[]>(
        `select *, (select count(*)::int from rule where rule_set_version = version) count
         from (${versions}) versions order by version desc limit $1`,
        [limit],
      ),
    ]);
    return [
      ...drafts.map((row) => ({ ...draftHeading(row), ruleCount: row.count })),
      ...versionRows.map((row) => ({ ...versionHeading(row), ruleCount: row.count })),
    ];
  }

  override createDraft(
    rules: readonly RuleDefinition[],
    { by, reason, basedOn }: Change & { basedOn: number | undefined },
  ): Promise<RuleSetDocument> {
    return this.dataSource.transaction(async (manager) => {
      await this.#assertActive(manager, basedOn);
      const [row] = await manager.query<{ number: number }[]>(
        'insert into rule_set_draft (based_on, rules, created_by) values ($1, $2, $3) returning number',
        [basedOn ?? null, JSON.stringify(rules), by.subject],
      );
      const draft = row!.number;
      await step(manager, { draft }, 'created', by, reason);
      const created = await this.#mustRead(manager, { draft });
      await this.audit.append(manager, {
        ...{ actor: by, action: 'rule-set.created', resource: resourceOf({ draft }) },
        after: { edition: 1, ...draftFacts(created.rules), basedOn, reason: personal(reason) },
      });
      return created;
    });
  }

  override editDraft(
    id: string,
    rules: readonly RuleDefinition[],
    { by, reason, basedOn, edition }: Change & { basedOn: number | undefined; edition: number },
  ): Promise<RuleSetDocument> {
    return this.dataSource.transaction(async (manager) => {
      const before = await this.#lockDraft(manager, id, edition);
      const { number: draft, based_on } = before;
      await this.#assertActive(manager, basedOn);
      await manager.query(
        'update rule_set_draft set rules = $2, based_on = $3, edition = edition + 1 where number = $1',
        [draft, JSON.stringify(rules), basedOn ?? based_on],
      );
      await step(manager, { draft }, 'edited', by, reason);
      const edited = await this.#mustRead(manager, { draft });
      await this.audit.append(manager, {
        ...{ actor: by, action: 'rule-set.edited', resource: resourceOf({ draft }) },
        before: { edition, ...draftFacts(before.rules), basedOn: based_on },
        after: {
          edition: edited.edition,
          ...draftFacts(edited.rules),
          basedOn: edited.basedOn,
          reason: personal(reason),
        },
      });
      return edited;
    });
  }

  override deleteDraft(id: string, by: Actor, edition: number | undefined): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      const { number: draft, ...before } = await this.#lockDraft(manager, id, edition);
      await manager.query('delete from rule_set_draft where number = $1', [draft]);
      await this.audit.append(manager, {
        ...{ actor: by, action: 'rule-set.deleted', resource: resourceOf({ draft }) },
        before: { edition: before.edition, ...draftFacts(before.rules) },
      });
    });
  }

  override async activate(
    id: string,
    { by, reason, basedOn, edition }: Change & { basedOn: number | undefined; edition: number | undefined },
  ): Promise<RuleSetDocument> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        await manager.query('select pg_advisory_xact_lock($1)', [activationLock]);
        const place = placeOf(id);
        if (!place) throw new DraftChangedError(undefined);
        const draft = 'draft' in place ? await this.#lockDraft(manager, id, edition) : undefined;
        const active = await this.#activeVersion(manager);
        const expected = basedOn ?? draft?.based_on ?? active;
        if (expected !== active) throw new RuleSetConflictError(active);
        const rules = draft?.rules ?? ('version' in place ? await rulesOf(manager, place.version) : []);
        if ('version' in place && place.version === active) throw new AlreadyActiveError(`Version ${active} is active`);

        const version = active + 1;
        await manager.query(
          `update rule_set set state = 'retired', retired_at = clock_timestamp() where version = $1`,
          [active],
        );
        await manager.query(
          `insert into rule_set (version, state, created_by, from_version) values ($1, 'active', $2, $3)`,
          [version, by.subject, 'version' in place ? place.version : null],
        );
        if (rules.length > 0) {
          const rows = rules.map((rule, position) => ({ ...rule, ruleSetVersion: version, position }));
          await manager.insert(RuleEntity, rows);
        }
        if (draft) {
          await manager.query('update rule_set_draft set version = $2, rules = null where number = $1', [
            draft.number,
            version,
          ]);
        } else {
          await step(manager, { version }, 'created', by, `the rules of version ${id} again`);
        }
        await step(manager, { version: active }, 'retired', by, `version ${version} was activated`);
        await step(manager, { version }, 'activated', by, reason);
        const activated = await this.#mustRead(manager, { version });
        await this.audit.append(manager, {
          ...{ actor: by, action: 'rule-set.activated', resource: resourceOf({ version }), before: { active } },
          // A version stays as it is: the hash tells whether its rules are still those.
          after: { active: version, from: id, rules: sha256(canonicalJson(activated.rules)), reason: personal(reason) },
        });
        return activated;
      });
    } catch (error) {
      if (sqlStateOf(error) === foreignKeyViolation)
        throw new UnknownTeamError((error as Error).message, { cause: error });
      throw error;
    }
  }

  async #lockDraft(manager: EntityManager, id: string, edition: number | undefined): Promise<DraftRow> {
    const place = placeOf(id);
    const [row] =
      place && 'draft' in place
        ? await manager.query<DraftRow[]>(
            'select * from rule_set_draft where number = $1 and version is null for update',
            [place.draft],
          )
        : [];
    if (!row) throw new DraftChangedError(undefined);
    if (edition !== undefined && edition !== row.edition) throw new DraftChangedError(row.edition);
    return row;
  }

  async #assertActive(manager: EntityManager, basedOn: number | undefined): Promise<void> {
    if (basedOn === undefined) return;
    const active = await this.#activeVersion(manager);
    if (active !== basedOn) throw new RuleSetConflictError(active);
  }

  async #mustRead(manager: EntityManager, place: Place): Promise<RuleSetDocument> {
    return (await this.#read(manager, place))!;
  }

  async #read(manager: EntityManager, place: Place): Promise<RuleSetDocument | undefined> {
    if ('draft' in place) {
      const [row] = await manager.query<DraftRow[]>('select * from rule_set_draft where number = $1', [place.draft]);
      if (!row) return undefined;
      // It goes on naming what it became.
      if (row.version !== null) return this.#read(manager, { version: row.version });
      return { ...draftHeading(row), rules: row.rules ?? [], history: await historyOf(manager, place.draft, null) };
    }
    const [row] = await manager.query<VersionRow[]>(`${versions} where rule_set.version = $1`, [place.version]);
    if (!row) return undefined;
    const [rules, history] = [await rulesOf(manager, row.version), await historyOf(manager, row.draft, row.version)];
    return { ...versionHeading(row), rules, history };
  }

  async #activeVersion(manager: EntityManager): Promise<number> {
    const [row] = await manager.query<{ version: number }[]>(`select version from rule_set where state = 'active'`);
    return (row ?? noneActive()).version;
  }
}

const noneActive = (): never => {
  throw new Error('There is no active rule set: the seed migration makes one, and none is ever removed');
};

const resourceOf = (place: Place) => ({
  ...{ kind: 'rule-set', id: 'draft' in place ? `draft-${place.draft}` : String(place.version) },
});

/** Rules are a person's words, and those of a draft go when it is deleted. */
const draftFacts = (rules: readonly RuleDefinition[] | null) => ({
  ...{ ruleCount: rules?.length, rules: personal(rules && canonicalJson(rules)) },
});

const rulesOf = async (manager: EntityManager, version: number): Promise<RuleDefinition[]> => {
  const rows = await manager.find(RuleEntity, { where: { ruleSetVersion: version }, order: { position: 'ASC' } });
  return rows.map(({ ruleSetVersion: _version, position: _position, ...rule }) => rule);
};

const historyOf = async (
  manager: EntityManager,
  draft: number | null,
  version: number | null,
): Promise<RuleSetStep[]> => {
  const rows = await manager.query<(Omit<RuleSetStep, 'reason'> & { reason: string | null })[]>(
    'select step, at, by, reason from rule_set_step where draft = $1 or version = $2 order by id',
    [draft, version],
  );
  return rows.map(({ reason, ...rest }) => ({ ...rest, ...(reason !== null && { reason }) }));
};

async function step(
  manager: EntityManager,
  place: Place,
  what: RuleSetStep['step'],
  { subject: by }: Actor,
  reason: string | undefined,
): Promise<void> {
  await manager.query('insert into rule_set_step (draft, version, step, by, reason) values ($1, $2, $3, $4, $5)', [
    'draft' in place ? place.draft : null,
    'version' in place ? place.version : null,
    ...[what, by, reason ?? null],
  ]);
}
