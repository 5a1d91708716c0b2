import { isUtf8 } from 'node:buffer';
import { FeedbackInput, jsonSchemaOf, type Violation } from '@closeloop/contracts';
import { invalid, parseJson, Problem } from '@closeloop/platform';
import { parse } from 'csv-parse/sync';
import { areColumns, type Columns, columnsOf, inputOf } from '../domain/csv-columns.js';
import { type RawRecord } from '../domain/record-splitter.js';

/** Most bytes of one line of NDJSON, or of one record of CSV. */
export const maxRecordBytes = 1024 * 1024;

/** A record as a value, or why it could not be read. */
export type ReadRecord = { readonly line: number } & (
  | { readonly input: unknown; readonly unreadable?: undefined }
  | { readonly input?: undefined; readonly unreadable: readonly Violation[] }
);

/** Turns records into values, one for each, in their order. */
export type RecordReader = (records: readonly RawRecord[]) => ReadRecord[];

const unreadable = (line: number, rule: string, message: string): ReadRecord => ({
  line,
  unreadable: [{ pointer: '', rule, message }],
});

const tooLong = (line: number): ReadRecord =>
  unreadable(line, 'maxRecordBytes', `the record must not be longer than ${maxRecordBytes} bytes`);

export const readJsonLines: RecordReader = (records) =>
  records.map(({ line, bytes }) => {
    if (!bytes) return tooLong(line);
    try {
      return { line, input: parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { line, unreadable: error.errors ?? [] };
    }
  });

export interface CsvHeader {
  /** The byte between fields */
  readonly delimiter: number;
  readonly read: RecordReader;
}

/**
 * Reads the first record of a CSV file. The delimiter is the comma; a semicolon or a tab when the header has no comma but
 * one of those.
 * @throws Problem `invalid` with what is wrong with the columns.
 */
export function readCsvHeader({ bytes }: RawRecord): CsvHeader {
  if (!bytes) throw invalid('', 'maxRecordBytes', `the header must not be longer than ${maxRecordBytes} bytes`);
  const delimiter = delimiterOf(bytes);
  const [titles] = parseCsv([bytes], delimiter) ?? [];
  if (!titles) throw invalid('', 'csv', 'the first line is not a header in CSV and UTF-8');
  const columns = columnsOf(titles, jsonSchemaOf(FeedbackInput));
  if (!areColumns(columns)) {
    throw new Problem('invalid', 'The columns cannot be understood.', {
      errors: columns.map(({ rule, message }) => ({ pointer: '', rule, message })),
    });
  }
  return { delimiter, read: (records) => readRows(records, columns, delimiter) };
}

function readRows(records: readonly RawRecord[], columns: Columns, delimiter: number): ReadRecord[] {
  const present = records.flatMap(({ bytes }) => (bytes ? [bytes] : []));
  // all at once is several times faster; one by one finds the bad one
  const rows = parseCsv(present, delimiter)?.values();
  return records.map(({ line, bytes }) => {
    if (!bytes) return tooLong(line);
    const row = rows ? rows.next().value : parseCsv([bytes], delimiter)?.[0];
    if (!row) return unreadable(line, 'csv', 'the record is not CSV in UTF-8; are its quotes closed and doubled?');
    if (row.length !== columns.length) {
      return unreadable(line, 'csvFields', `the record has ${row.length} fields, the header ${columns.length}`);
    }
    return { line, input: inputOf(columns, row) };
  });
}

/** The rows of these records, one for each, or undefined when one of them is not CSV. */
function parseCsv(records: readonly Uint8Array[], delimiter: number): string[][] | undefined {
  if (!records.every(isUtf8)) return undefined;
  const text = records.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  try {
    const rows = parse(text.join('\n'), {
      delimiter: String.fromCharCode(delimiter),
      record_delimiter: '\n',
      relax_column_count: true,
    });
    return rows.length === records.length ? rows : undefined;
  } catch {
    return undefined;
  }
}

const comma = 0x2c;

function delimiterOf(header: Uint8Array): number {
  return [comma, 0x3b, 0x09].find((byte) => header.includes(byte)) ?? comma;
}
