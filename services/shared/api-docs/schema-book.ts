import { z } from 'zod';

export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * Turns schemas into JSON Schema and collects those that have a name. Objects stay open: a client must bear fields that
 * it does not know.
 */
export class SchemaBook {
  readonly #named = new Map<string, JsonSchema>();

  /** What a client writes, in its JSON. */
  written(schema: z.ZodType): JsonSchema {
    return this.#add(schema, 'input');
  }

  /** What becomes of it, such as a number of digits in a query. */
  understood(schema: z.ZodType): JsonSchema {
    return this.#add(schema, 'output');
  }

  /** For `components.schemas`, by name. */
  get named(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #add(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    // Within an object, since only what is within something becomes a reference.
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ schema }), { io, unrepresentable: 'any' });
    for (const [name, definition] of Object.entries($defs)) this.#named.set(name, withReferences(definition));
    return withReferences(properties?.['schema']);
  }
}

/** Named schemas are looked up in the document. */
function withReferences(schema: unknown): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : value,
  );
}
