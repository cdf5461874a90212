import { z } from 'zod';

// A query is text: each field says which text it takes, and what becomes of it is what the document shows.

export const textField = z.string('must be given once');

export type IntegerField = { readonly min: number; readonly max?: number };

/** Digits; what is more than `max` is refused. */
export function integerField({ min, max = Number.MAX_SAFE_INTEGER }: IntegerField) {
  const rule = `must be an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, rule)
    .transform(Number)
    .pipe(z.int().min(min, rule).max(max, rule));
}

/** How many rows an answer holds: what is more than `cap` is taken for it. */
export function limitField({ default: fallback, cap }: { readonly default: number; readonly cap: number }) {
  const rule = 'must be an integer from 1';
  return z
    .string()
    .regex(/^\d{1,15}$/, rule)
    .transform(Number)
    .pipe(
      z
        .int()
        .min(1, rule)
        .overwrite((asked) => Math.min(asked, cap)),
    )
    .default(fallback)
    .meta({ description: `at most ${cap} are given` });
}

/** `true` or `false` in any letter case. @default false */
export function flagField() {
  return z
    .string()
    .regex(/^(?:true|false)$/i, 'must be true or false')
    .transform((text) => text.toLowerCase() === 'true')
    .pipe(z.boolean())
    .default(false);
}

/** Text that `parse` understands; undefined from it is a refusal that says `rule`. */
export function parsedField<T>(parse: (text: string) => T | undefined, rule: string) {
  return z
    .string()
    .transform((text, context): T => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: rule });
      return z.NEVER;
    })
    .meta({ type: 'string' });
}
