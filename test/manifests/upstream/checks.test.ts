import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allRules } from '../rules/all-rules.ts';
import { heldElsewhere, upstreamChecks } from './checks.ts';

const held = (of: keyof typeof upstreamChecks) => allRules.flatMap(({ upstream }) => upstream?.[of] ?? []);

describe('the checks of others', () => {
  it.each(['podSecurity', 'kubeLinter', 'polaris'] as const)('of %s are each held by a rule', (of) => {
    const missing = upstreamChecks[of].filter((name) => !held(of).includes(name) && !heldElsewhere[name]);
    expect(missing).toEqual([]);
    const invented = held(of).filter((name) => !(upstreamChecks[of] as readonly string[]).includes(name));
    expect(invented).toEqual([]);
  });

  it('that are held elsewhere are held there', () => {
    const root = resolve(import.meta.dirname, '../../..');
    expect(Object.values(heldElsewhere).filter((file) => !existsSync(resolve(root, file)))).toEqual([]);
  });
});
