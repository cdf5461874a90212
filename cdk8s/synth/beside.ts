import { prometheusAdapterValues } from '../monitoring/prometheus-adapter.ts';
import type { PlatformProps } from '../platform-props.ts';

/** What an environment needs of others, by the name of its file: not applied, but handed to their charts. */
export function besideManifests({ hub }: Pick<PlatformProps, 'hub'>): Readonly<Record<string, object>> {
  return 'max' in hub.scale ? { 'prometheus-adapter-values.yaml': prometheusAdapterValues } : {};
}
