import type { z } from 'zod';

/**
 * Gives a schema the name of its type `T`, under which documents refer to it. Does not compile unless both are the same,
 * optional fields included; `readonly` does not count.
 */
export function named<T>() {
  return <S extends z.ZodType>(id: string, description: string, schema: S & SameAs<T, z.output<S>>): S =>
    schema.meta({ id, description });
}

type SameAs<A, B> = Equal<Plain<A>, Plain<B>> extends true ? unknown : { readonly 'differs from its type': never };

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : { -readonly [Key in keyof T]: Plain<T[Key]> };
