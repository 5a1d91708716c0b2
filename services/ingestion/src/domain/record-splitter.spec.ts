import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { RecordSplitter } from './record-splitter.js';

/** The records of a text that comes in pieces of the given sizes, over and over. */
function recordsOf(format: 'ndjson' | 'csv', text: string | Buffer, sizes: readonly number[] = [7], maxBytes = 1000) {
  const splitter = new RecordSplitter(format, maxBytes);
  const bytes = Buffer.from(text as string);
  const records: [line: number, text: string | undefined][] = [];
  const note = (record: { line: number; bytes: Uint8Array | undefined }) =>
    records.push([record.line, record.bytes && Buffer.from(record.bytes).toString('utf8')]);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    for (const record of splitter.push(bytes.subarray(at, at + size))) note(record);
    at += size;
  }
  for (const record of splitter.end()) note(record);
  return records;
}

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

describe('record splitter', () => {
  it('gives every line of NDJSON with its number, whatever pieces it comes in', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify({ text }));
    fc.assert(
      fc.property(
        fc.array(fc.option(line, { nil: '' })),
        fc.constantFrom('\n', '\r\n'),
        sizes,
        (lines, eol, pieces) => {
          const expected = lines.map((text, at) => [at + 1, text]).filter(([, text]) => text !== '');
          expect(recordsOf('ndjson', lines.join(eol), pieces, 100_000)).toEqual(expected);
        },
      ),
    );
  });

  it('cuts CSV where csv-parse cuts it', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', '\n', ';', ' ') });
    const quoted = field.map((text) => `"${text.replaceAll('"', '""')}"`);
    const row = fc.array(quoted, { minLength: 1, maxLength: 4 }).map((fields) => fields.join(','));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), sizes, (rows, pieces) => {
        const cut = recordsOf('csv', rows.join('\n'), pieces, 100_000);
        const whole: string[][] = parse(rows.join('\n'), { relax_column_count: true });
        expect(cut.map(([, text]) => parse(text!, { relax_column_count: true })[0])).toEqual(whole);
      }),
    );
  });

  it('numbers a CSV record by the line on which it starts', () => {
    expect(recordsOf('csv', 'a,b\r\n"one\ntwo",x\r\n\r\ny,z')).toEqual([
      [1, 'a,b'],
      [2, '"one\ntwo",x'],
      [5, 'y,z'],
    ]);
  });

  it('a quote inside an unquoted field opens nothing', () => {
    expect(recordsOf('csv', 'a\n5" disc\nb')).toEqual([
      [1, 'a'],
      [2, '5" disc'],
      [3, 'b'],
    ]);
  });

  it('gives a record past the bound as one without bytes, and goes on', () => {
    const long = 'x'.repeat(1001);
    expect(recordsOf('ndjson', `a\n${long}\nb`)).toEqual([
      [1, 'a'],
      [2, undefined],
      [3, 'b'],
    ]);
    expect(recordsOf('csv', `a\n"${long}\n${long}"\nb`)).toEqual([
      [1, 'a'],
      [2, undefined],
      [4, 'b'],
    ]);
    expect(recordsOf('ndjson', 'x'.repeat(1000))).toEqual([[1, 'x'.repeat(1000)]]);
  });

  it.each(['ndjson', 'csv'] as const)('holds nothing of a record past the bound: %s', (format) => {
    const splitter = new RecordSplitter(format, 1000);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 1024; count += 1) expect([...splitter.push(chunk)]).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  it('finds no records inside a quoted field past the bound: a text cannot forge them', () => {
    const forged = `"${'x'.repeat(1001)}\nforged,row\n"`;
    expect(recordsOf('csv', `a\n${forged}\nb`).map(([, text]) => text)).toEqual(['a', undefined, 'b']);
  });

  it('drops a byte order mark, in pieces too', () => {
    for (const size of [1, 2, 3, 100]) {
      expect(recordsOf('csv', '\ufeff"a,b",c\n', [size])).toEqual([[1, '"a,b",c']]);
      expect(recordsOf('ndjson', '\ufeff{}', [size])).toEqual([[1, '{}']]);
    }
    expect(recordsOf('ndjson', Buffer.from([0xef, 0xbb]))).toHaveLength(1);
    expect(recordsOf('ndjson', '')).toEqual([]);
  });
});
