import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from './schema-book.ts';

/** @throws Error that says in what `what` differs */
export type Validate = (schema: JsonSchema, value: unknown, what: string) => void;

/** For schemas that refer to `components`. */
export function validators(components: object, options: { coerceTypes?: boolean } = {}): Validate {
  // The formats that we name have a pattern beside them.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, ...options });
  const compiled = new Map<string, ValidateFunction>();
  return (schema, value, what) => {
    const key = JSON.stringify(schema);
    const validate =
      compiled.get(key) ?? ajv.compile({ components, properties: { value: schema }, required: ['value'] });
    compiled.set(key, validate);
    if (!validate({ value })) throw new Error(`${what} is not as documented: ${ajv.errorsText(validate.errors)}`);
  };
}

/** A copy in which no object has more fields than it names. */
export function closed<T>(schemas: T): T {
  return JSON.parse(JSON.stringify(schemas), (_key, value) => {
    const isObject = value?.type === 'object' && value.properties && value.additionalProperties === undefined;
    return isObject ? { ...value, additionalProperties: false } : value;
  });
}
