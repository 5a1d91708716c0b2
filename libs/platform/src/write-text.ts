/** Characters up to which a loop is faster than a call of what writes text */
const shortText = 64;

/**
 * Writes a text in UTF-8 into a message that was measured before.
 * @param length `Buffer.byteLength(text)`
 * @returns where it ends
 */
export function writeText(bytes: Buffer, at: number, text: string, length: number): number {
  if (length !== text.length) bytes.write(text, at, length, 'utf8');
  // one byte a character: ASCII
  else if (length > shortText) bytes.write(text, at, length, 'latin1');
  else for (let place = 0; place < length; place++) bytes[at + place] = text.charCodeAt(place);
  return at + length;
}
