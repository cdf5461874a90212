import { App, type Chart, Yaml } from 'cdk8s';
import { checkProps } from '../check-props.ts';
import { NamespaceChart } from '../namespace-chart.ts';
import { PlatformChart } from '../platform-chart.ts';
import type { PlatformProps } from '../platform-props.ts';

/** An object as it is applied. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** What is applied once and stays, and all else. */
export type RenderedPlatform = { readonly namespace: readonly KubeObject[]; readonly platform: readonly KubeObject[] };

/** @throws ConfigError with every fault of the props */
export function renderPlatform(platform: PlatformProps): RenderedPlatform {
  checkProps(platform);
  const app = new App();
  const objectsOf = (chart: Chart): KubeObject[] => chart.toJson();
  return {
    namespace: objectsOf(new NamespaceChart(app, platform)),
    platform: objectsOf(new PlatformChart(app, platform)),
  };
}

export function toYaml(objects: readonly KubeObject[]): string {
  return Yaml.stringify(...objects);
}
