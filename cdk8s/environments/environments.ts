import type { PlatformProps } from '../platform-props.ts';
import { dev } from './dev.ts';
import { kind } from './kind.ts';
import { openshift } from './openshift.ts';
import { production } from './production.ts';

export const environments = { dev, kind, production, openshift } as const satisfies Record<string, PlatformProps>;

export type EnvironmentName = keyof typeof environments;
