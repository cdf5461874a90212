import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseLenientJson } from './lenient-json.ts';

/** JSON text with a comment and a trailing comma wherever .NET forgives one. */
function relaxed(value: unknown): string {
  const note = '/* , " } */ // ]\n';
  if (Array.isArray(value)) return `[${value.map((item) => `${note}${relaxed(item)},${note}`).join('')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, item]) => `${note}${JSON.stringify(key)}${note}:${relaxed(item)},`,
    );
    return `{${members.join('')}${note}}`;
  }
  return JSON.stringify(value);
}

it('gives what strict JSON would, with comments and trailing commas anywhere', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(parseLenientJson(Buffer.from(relaxed(value)))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
