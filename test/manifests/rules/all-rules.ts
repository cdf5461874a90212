import { accessRules } from './access.ts';
import { availabilityRules } from './availability.ts';
import { containerRules } from './containers.ts';
import { isolationRules } from './isolation.ts';
import { lifecycleRules } from './lifecycle.ts';
import { placementRules } from './placement.ts';
import { podSecurityRules } from './pod-security.ts';
import { probeRules } from './probes.ts';
import { quantityRules } from './quantities.ts';
import { referenceRules } from './references.ts';
import type { Rule } from './rule.ts';
import { targetRules } from './targets.ts';
import { wiringRules } from './wiring.ts';

export const allRules: readonly Rule[] = [
  ...podSecurityRules,
  ...containerRules,
  ...probeRules,
  ...wiringRules,
  ...targetRules,
  ...availabilityRules,
  ...accessRules,
  ...isolationRules,
  ...placementRules,
  ...quantityRules,
  ...referenceRules,
  ...lifecycleRules,
];
