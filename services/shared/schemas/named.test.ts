import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { named } from './named.ts';

type Thing = { readonly id: string; readonly tags: readonly string[]; readonly note?: string | undefined };

const fields = { id: z.string(), tags: z.array(z.string()), note: z.string().optional() };

describe('a named schema', () => {
  it('is the schema, under its name', () => {
    const thing = named<Thing>()('TestThing', 'a thing', z.object(fields));
    expect(thing.parse({ id: 'x', tags: [] })).toEqual({ id: 'x', tags: [] });
    expect(thing.meta()).toEqual({ id: 'TestThing', description: 'a thing' });
  });

  it('compiles only where it is the same as its type', () => {
    const { note: _note, ...lacking } = fields;
    // @ts-expect-error a field is missing
    named<Thing>()('TestLacking', '', z.object(lacking));
    // @ts-expect-error a field is too much
    named<Thing>()('TestMore', '', z.object({ ...fields, more: z.string() }));
    // @ts-expect-error a field is of another type
    named<Thing>()('TestOther', '', z.object({ ...fields, id: z.number() }));
    // @ts-expect-error a field may be null
    named<Thing>()('TestNull', '', z.object({ ...fields, id: z.string().nullable() }));
    expect(named<Thing>()('TestSame', '', z.object(fields))).toBeDefined();
  });
});
