const [space, quote, comma, backslash] = [0x20, 0x22, 0x2c, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * The JSON of an object with members put behind its own, which stand as they are: what only passes through is neither read nor written anew.
 * @param json of an object that has members, in UTF-8
 * @param as name of the member that the object itself becomes, beside `members`; absent: they become its own
 */
export function jsonWith(json: Buffer, members: object, as?: string): Buffer {
  const before = as === undefined ? '' : `{${JSON.stringify(as)}:`;
  const behind = `,${JSON.stringify(members).slice(1)}`;
  const length = as === undefined ? json.lastIndexOf(closeBrace) : json.length;
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(before) + length + Buffer.byteLength(behind));
  const begins = bytes.write(before);
  json.copy(bytes, begins, 0, length);
  bytes.write(behind, begins + length);
  return bytes;
}

/**
 * The JSON of an object: its members, and behind them some that are JSON already.
 * @param json by name, in UTF-8
 */
export function jsonOf(members: object, json: Readonly<Record<string, Buffer>>): Buffer {
  const own = JSON.stringify(members).slice(0, -1);
  const parts: (string | Buffer)[] = [own];
  for (const name of Object.keys(json)) {
    const separator = parts.length > 1 || own !== '{' ? ',' : '';
    parts.push(`${separator}${JSON.stringify(name)}:`, json[name]!);
  }
  parts.push('}');
  const bytes = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0));
  let at = 0;
  for (const part of parts) at += typeof part === 'string' ? bytes.write(part, at) : part.copy(bytes, at);
  return bytes;
}

/**
 * Members of a JSON object as they stand, white space around them left out: views of its bytes. Of several of one name it is the last, as
 * `JSON.parse` has it.
 * @param json valid JSON, of an object, in UTF-8
 * @throws TypeError where one of them is not there
 */
export function jsonMembers<Name extends string>(json: Buffer, names: readonly Name[]): Readonly<Record<Name, Buffer>> {
  const found = {} as Record<Name, Buffer>;
  let at = json.indexOf(openBrace) + 1;
  for (;;) {
    at = pastSpace(json, at);
    if (json[at] !== quote) break;
    const nameEnds = endOfText(json, at);
    const read = JSON.parse(json.toString('utf8', at, nameEnds)) as string;
    const name = names.find((wanted) => wanted === read);
    // past the colon
    const from = pastSpace(json, pastSpace(json, nameEnds) + 1);
    const to = endOfValue(json, from);
    if (name !== undefined) found[name] = json.subarray(from, to);
    at = pastSpace(json, to);
    if (json[at] !== comma) break;
    at++;
  }
  for (const name of names) if (found[name] === undefined) throw new TypeError(`there is no member ${name}`);
  return found;
}

function pastSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at]! <= space) at++;
  return at;
}

/** @param from its first quote @returns behind its last one */
function endOfText(json: Buffer, from: number): number {
  let at = from + 1;
  for (; at < json.length && json[at] !== quote; at++) if (json[at] === backslash) at++;
  return at + 1;
}

function endOfValue(json: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === quote) at = endOfText(json, at) - 1;
    else if (byte === openBrace || byte === openBracket) depth++;
    else if (byte === closeBrace || byte === closeBracket) {
      // behind a number or a word: the object's own
      if (depth === 0) return at;
      depth--;
    } else if (depth > 0 || (byte > space && byte !== comma)) continue;
    else return at;
    if (depth === 0) return at + 1;
  }
  return json.length;
}
