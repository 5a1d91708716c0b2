import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { unsaid, vocabularies, type ValueId, type Vocabulary } from '../domain/dimension.js';
import { Dictionary } from '../domain/model-store.js';

/** Values that are remembered; a number is for ever, so that only memory bounds it */
const remembered = 100_000;

interface Row {
  readonly id: number;
  readonly vocabulary: number;
  readonly value: string;
}

const codeOf = (vocabulary: Vocabulary): number => vocabularies.indexOf(vocabulary) + 1;

@Injectable()
export class DictionaryRepository extends Dictionary {
  readonly #ids = new Map<string, ValueId>();
  readonly #values = new Map<ValueId, string>();

  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async numbersOf(wanted: ReadonlyMap<Vocabulary, ReadonlySet<string>>) {
    const known = new Map<string, ValueId>();
    const missing: { code: number; value: string }[] = [];
    for (const [vocabulary, values] of wanted) {
      const code = codeOf(vocabulary);
      for (const value of values) {
        const id = this.#ids.get(keyOf(code, value));
        if (id === undefined) missing.push({ code, value });
        else known.set(keyOf(code, value), id);
      }
    }
    if (missing.length > 0) {
      missing.sort((a, b) => a.code - b.code || (a.value < b.value ? -1 : 1));
      const parameters = [missing.map(({ code }) => code), missing.map(({ value }) => value)];
      // not in the transaction at hand: what it makes is remembered, and must not be rolled back
      await this.dataSource.query(
        `insert into dictionary (vocabulary, value)
         select * from unnest($1::smallint[], $2::text[]) given (vocabulary, value)
         where not exists (select from dictionary known
           where known.vocabulary = given.vocabulary and known.value = given.value)
         on conflict do nothing`,
        parameters,
      );
      for (const row of await this.rowsOf(parameters)) known.set(keyOf(row.vocabulary, row.value), row.id);
    }
    return (vocabulary: Vocabulary, value: string | null | undefined): ValueId =>
      value == null || value === '' ? unsaid : known.get(keyOf(codeOf(vocabulary), value))!;
  }

  override async find(vocabulary: Vocabulary, values: readonly string[]): Promise<Map<string, ValueId>> {
    const code = codeOf(vocabulary);
    const rows = await this.rowsOf([values.map(() => code), values]);
    return new Map(rows.map(({ id, value }) => [value, id]));
  }

  override async valuesOf(ids: Iterable<ValueId>): Promise<Map<ValueId, string>> {
    const wanted = [...new Set(ids)].filter((id) => id !== unsaid);
    const missing = wanted.filter((id) => !this.#values.has(id));
    const found = new Map(wanted.flatMap((id) => (this.#values.has(id) ? [[id, this.#values.get(id)!] as const] : [])));
    if (missing.length > 0) {
      const rows = await this.dataSource.query<Row[]>(
        'select id, vocabulary, value from dictionary where id = any($1)',
        [missing],
      );
      for (const row of rows) found.set(this.remember(row).id, row.value);
    }
    return found;
  }

  private async rowsOf(parameters: readonly unknown[]): Promise<Row[]> {
    const rows = await this.dataSource.query<Row[]>(
      `select id, vocabulary, value from dictionary join unnest($1::smallint[], $2::text[]) given (vocabulary, value)
         using (vocabulary, value)`,
      [...parameters],
    );
    return rows.map((row) => this.remember(row));
  }

  private remember(row: Row): Row {
    if (this.#ids.size >= remembered) {
      this.#ids.clear();
      this.#values.clear();
    }
    this.#ids.set(keyOf(row.vocabulary, row.value), row.id);
    this.#values.set(row.id, row.value);
    return row;
  }
}

const keyOf = (code: number, value: string): string => `${code} ${value}`;
