import { afterAll, describe, expect, it } from 'vitest';
import { mutations } from './all-mutations.ts';
import { checkEdits, MutatedTree } from './mutated-tree.ts';
import { tryMutation } from './try-mutation.ts';

/** Each is caught within a handful; `make mutate` tries all. */
const maxSeeds = 60;
const timeoutMs = 300_000;

describe('every rule that can be switched off', () => {
  it.each(mutations)('is still where the table says: $name', (mutation) => {
    expect(() => checkEdits(mutation)).not.toThrow();
    expect(mutation.edits.length > 0 || mutation.unseen !== undefined).toBe(true);
  });

  it('is looked for: a text that is gone is an error', () => {
    const [first] = mutations;
    const file = first?.edits[0]?.file ?? '';
    const stale = { name: 'stale', edits: [{ file, find: 'a text that stands nowhere', replace: '' }] };
    expect(() => checkEdits({ ...(first as (typeof mutations)[number]), ...stale })).toThrow(/stands 0 times/);
  });
});

describe('the simulator fails without the rule', () => {
  const tree = new MutatedTree();
  afterAll(() => tree.remove());

  it.each(mutations.filter(({ quick }) => quick))(
    '$decision: $rule',
    async (mutation) => {
      expect((await tryMutation(tree, mutation, maxSeeds)).caught).toBeDefined();
    },
    timeoutMs,
  );
});
