import type { Activation, KeptModel } from '../domain/own/model-store.js';

/** Of pg's and TypeORM's alike. */
export type Query = <Row>(statement: string, parameters?: unknown[]) => Promise<Row[]>;

interface ActivationRow {
  readonly id: number;
  readonly version: string | null;
  readonly rollback: boolean;
  readonly at: Date;
  readonly by: string;
  readonly reason: string;
}

const activationOf = ({ id, version, rollback, at, by, reason }: ActivationRow): Activation => ({
  ...{ number: id, version: version ?? undefined, rollback, at, by, reason },
});

/** Newest first */
export async function readActivations(query: Query, limit: number): Promise<Activation[]> {
  const rows = await query<ActivationRow>(
    'select id, version, rollback, at, by, reason from model_activation order by id desc limit $1',
    [limit],
  );
  return rows.map(activationOf);
}

export async function readActive(query: Query): Promise<Activation> {
  const [last] = await readActivations(query, 1);
  return last ?? { number: 0, version: undefined, rollback: false };
}

/** @throws Error where there is none */
export async function readKept(query: Query, version: string): Promise<KeptModel> {
  const rows = await query<{ base: string; name: string; bytes: Buffer }>(
    'select base, name, bytes from own_model join own_model_part using (version) where version = $1 order by name',
    [version],
  );
  if (rows[0] === undefined) throw new Error(`There is no model ${version}`);
  return { version, base: rows[0].base, parts: new Map(rows.map(({ name, bytes }) => [name, bytes])) };
}
