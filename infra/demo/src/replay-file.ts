import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { feedbackOf, type Row } from './row-mapping.js';

/** Rows of an NDJSON or (by its name) CSV file as feedback; a line that is not an object goes as it stands, for the service to refuse. */
export async function* readFeedback(file: string, limit = Infinity): AsyncGenerator<unknown> {
  let rows = 0;
  for await (const row of /^\.[ct]sv$/i.test(extname(file)) ? readCsv(file) : readNdjson(file)) {
    if (rows++ >= limit) return;
    yield typeof row === 'object' && row !== null && !Array.isArray(row) ? feedbackOf(row as Row) : row;
  }
}

async function* readNdjson(file: string): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    let row: unknown = line;
    try {
      row = JSON.parse(line);
    } catch {
      // stays the string that it is
    }
    yield row;
  }
}

const readCsv = (file: string): AsyncIterable<unknown> =>
  createReadStream(file).pipe(
    parse({ columns: true, bom: true, skip_empty_lines: true, delimiter: /\.tsv$/i.test(file) ? '\t' : [',', ';'] }),
  );
