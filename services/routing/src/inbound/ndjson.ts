/** Most bytes of a line: a feedback with its tags */
const maxLineBytes = 512 * 1024;
const lineFeed = 10;
const carriageReturn = Buffer.from('\r');

/** Lines of a file as it comes, counted from 1, without those that are empty; of one that is too long no bytes. */
export async function* linesOf(
  body: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly line: number; readonly bytes?: Buffer }, void> {
  let parts: Buffer[] = [];
  let size = 0;
  let line = 0;
  const end = (): { line: number; bytes?: Buffer } | undefined => {
    line += 1;
    const bytes = size > maxLineBytes ? undefined : Buffer.concat(parts);
    [parts, size] = [[], 0];
    if (!bytes) return { line };
    return bytes.length === 0 || bytes.equals(carriageReturn) ? undefined : { line, bytes };
  };
  const take = (part: Buffer): void => {
    size += part.length;
    if (size <= maxLineBytes) parts.push(part);
    else parts = [];
  };
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      take(chunk.subarray(from, at));
      const told = end();
      if (told) yield told;
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  const last = end();
  if (last) yield last;
}
