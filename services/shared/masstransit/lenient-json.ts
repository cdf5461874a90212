import { InvalidMessageError } from './invalid-message-error.ts';
import { isDeeperThan } from './json-depth.ts';

/** What one message may cost its reader. An event of Sonixy is about 1 KB. */
export const maxBodyBytes = 1_048_576;
export const maxJsonDepth = 1_000;

/**
 * JSON, and what .NET's reader forgives besides: comments, trailing commas, a byte order mark.
 *
 * @throws InvalidMessageError also for a body above `maxBodyBytes` or deeper than `maxJsonDepth`
 */
export function parseLenientJson(body: Buffer): unknown {
  if (body.length > maxBodyBytes) {
    throw new InvalidMessageError(`body must be at most ${maxBodyBytes} bytes, got ${body.length}`);
  }
  // Each level takes two bytes, so that usual messages are never scanned.
  if (body.length > 2 * maxJsonDepth && isDeeperThan(body, maxJsonDepth)) {
    throw new InvalidMessageError(`body must not nest deeper than ${maxJsonDepth}`);
  }
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(toStrictJson(text));
    } catch {
      throw new InvalidMessageError('body is no JSON');
    }
  }
}

// A string is kept whole, so that its slashes and commas are never taken for syntax. What is unterminated runs to the
// end: no alternative ever fails after a long match, which keeps the whole linear.
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|\/\/[^\n\r]*|\/\*.*?(?:\*\/|$)|,|[^\s",/]+|./gs;

function toStrictJson(text: string): string {
  let strict = '';
  let comma = '';
  for (const [token] of text.replace(/^\uFEFF/, '').matchAll(tokens)) {
    if (token.startsWith('//') || token.startsWith('/*') || token.trim() === '') continue;
    if (token === ',') {
      // A second comma is an error that must stay one.
      if (comma) strict += comma;
      comma = token;
      continue;
    }
    strict += comma && !token.startsWith('}') && !token.startsWith(']') ? comma + token : token;
    comma = '';
  }
  return strict + comma;
}
