import { App, Chart } from 'cdk8s';
import { dev } from '../environments/dev.ts';
import type { PlatformProps } from '../platform-props.ts';
import type { KubeObject } from '../synth/render.ts';
import { Bootstrap } from './bootstrap.ts';

/** What is made for a namespace, and nothing else of the platform. */
export function bootstrapObjects(namespace: string, props: Partial<PlatformProps> = {}): KubeObject[] {
  const platform: PlatformProps = { ...dev, tls: 'internal', namespace, ...props };
  const chart = new Chart(new App(), 'bootstrap', { namespace, disableResourceNameHashes: true });
  new Bootstrap(chart, platform);
  return chart.toJson();
}
