const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Whether the UTF-8 JSON in `body` nests deeper than `limit`. Linear, no recursion; for other bytes the answer means nothing. */
export function isDeeperThan(body: Uint8Array, limit: number): boolean {
  if (body.length <= limit) return false;
  let depth = 0;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index];
    if (byte === quote) {
      index += 1;
      while (index < body.length && body[index] !== quote) index += body[index] === backslash ? 2 : 1;
    } else if (byte === openBracket || byte === openBrace) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === closeBracket || byte === closeBrace) {
      depth -= 1;
    }
  }
  return false;
}
