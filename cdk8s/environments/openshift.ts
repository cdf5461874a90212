import type { PlatformProps } from '../platform-props.ts';
import { production } from './production.ts';

/** Production on OpenShift, which gives each namespace user ids of its own and refuses pods that name others. */
export const openshift: PlatformProps = { ...production, userIds: 'assigned' };
