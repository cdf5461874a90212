import { describe, expect, it } from 'vitest';
import type { Manifests } from '../rendered/manifests.ts';
import { platformOf, platforms } from '../rendered/platforms.ts';
import { allRules } from './all-rules.ts';
import { type Exception, exceptions } from './exceptions.ts';
import type { Fault, Rule } from './rule.ts';

const isFor = ({ only }: Rule, platform: string) => only?.includes(platform) ?? true;
const textsOf = (faults: Iterable<Fault>) => [...faults].map(({ where, why }) => `${where} ${why}`);

function allows({ rule, where, platform }: Exception, { name }: Rule, fault: Fault, of: string): boolean {
  const isWhole = new RegExp(`^(?:${where.source})$`).test(fault.where);
  return rule === name && isWhole && (platform ?? of) === of;
}

const withoutExceptions = (rule: Rule, manifests: Manifests, platform: string) =>
  [...rule.check(manifests)].filter((fault) => !exceptions.some((it) => allows(it, rule, fault, platform)));

describe('the manifests of every environment and switch', () => {
  it.each(allRules)('keep the rule $name', (rule) => {
    const faults = [...platforms].flatMap(([name, manifests]) =>
      isFor(rule, name) ? textsOf(withoutExceptions(rule, manifests, name)).map((text) => `${name}: ${text}`) : [],
    );
    expect(faults).toEqual([]);
  });
});

describe.each(allRules)('the rule $name', (rule) => {
  const breaks = Object.entries(rule.breaks);
  const base = () => {
    const manifests = platformOf(rule.only?.[0] ?? 'production').copy();
    rule.mend?.(manifests);
    return manifests;
  };

  it('is broken by something', () => {
    expect(breaks).not.toEqual([]);
    if (rule.mend) expect(textsOf(rule.check(base()))).toEqual([]);
  });

  it.each(breaks)('is broken: %s', (_, breakIt) => {
    const manifests = base();
    const before = new Set(textsOf(rule.check(manifests)));
    breakIt(manifests);
    expect(textsOf(rule.check(manifests)).filter((text) => !before.has(text))).not.toEqual([]);
  });
});

describe('the rules', () => {
  it('have each a name of their own', () => {
    const names = allRules.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('have no exception that nothing needs', () => {
    const idle = exceptions.filter(
      (exception) =>
        ![...platforms].some(([platform, manifests]) =>
          allRules.some((rule) => [...rule.check(manifests)].some((fault) => allows(exception, rule, fault, platform))),
        ),
    );
    expect(idle).toEqual([]);
  });
});
