import type { Manifests } from '../rendered/manifests.ts';

export type Fault = {
  /** `Deployment/hub`, or `Deployment/hub/hub` for a container */
  readonly where: string;
  readonly why: string;
};

/** Checks of others that a rule stands for, by the name that they have there. */
export type Upstream = {
  /** Of Pod Security `restricted`, by the heading of the standard. */
  readonly podSecurity?: readonly string[];
  readonly kubeLinter?: readonly string[];
  readonly polaris?: readonly string[];
};

export type Rule = {
  readonly name: string;
  /** @default one of our own */
  readonly upstream?: Upstream;
  readonly check: (manifests: Manifests) => Iterable<Fault>;
  /** Each breaks a rendered platform in one place, and the rule must notice. */
  readonly breaks: Readonly<Record<string, (manifests: Manifests) => unknown>>;
  /** What would please a rule that nothing of ours does: broken is what comes of it. */
  readonly mend?: (manifests: Manifests) => void;
  /** Of platforms it is about, the first of which is broken. @default all, and production */
  readonly only?: readonly [string, ...string[]];
};
