import type { Request } from 'express';
import { PlatformError } from '#shared/contract/errors.ts';

/** The query of a request. Every reader throws PlatformError `bad_request` for what is not one plain value. */
export type Query = {
  text(name: string): string | undefined;
  integer(
    names: readonly string[],
    range: { readonly default: number; readonly min: number; readonly max: number },
  ): number;
  flag(name: string): boolean;
};

/** @throws PlatformError `bad_request` for names that other query parsers take for arrays and objects */
export function readQuery(request: Request): Query {
  const values = request.query as Record<string, unknown>;
  for (const name of Object.keys(values)) {
    if (!/^[\w-]{1,64}$/.test(name)) throw new PlatformError('bad_request', 'a name in the query is not allowed');
  }

  function text(name: string): string | undefined {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw new PlatformError('bad_request', `${name} must be given once`);
    return value;
  }

  return {
    text,
    integer(names, { default: fallback, min, max }) {
      const name = names.find((candidate) => text(candidate) !== undefined);
      if (name === undefined) return fallback;
      const value = text(name) ?? '';
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      throw new PlatformError('bad_request', `${name} must be an integer from ${min} to ${max}`);
    },
    flag(name) {
      const value = text(name)?.toLowerCase();
      if (value === undefined || value === 'false') return false;
      if (value === 'true') return true;
      throw new PlatformError('bad_request', `${name} must be true or false`);
    },
  };
}
