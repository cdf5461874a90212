import type { PlatformProps } from '../../../cdk8s/platform-props.ts';
import { type RenderedPlatform, renderPlatform } from '../../../cdk8s/synth/render.ts';
import type { Kind, ObjectOf, Template, WireContainer, WireObject } from './wire.ts';

/** Whatever makes pods, with the template that it makes them of. */
export type Workload = {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob';
  readonly name: string;
  /** `Deployment/hub` */
  readonly where: string;
  readonly template: Template;
  readonly object: WireObject;
};

export type Contained = {
  readonly workload: Workload;
  readonly container: WireContainer;
  /** Ends before others start; a sidecar is none of them. */
  readonly isInit: boolean;
  /** `Deployment/hub/hub` */
  readonly where: string;
};

/** All objects of one rendered platform, to be read by rules, and to be broken by their proofs. */
export class Manifests {
  readonly platform: PlatformProps;
  readonly objects: WireObject[];

  constructor(platform: PlatformProps, { namespace, platform: rest }: RenderedPlatform = renderPlatform(platform)) {
    this.platform = platform;
    this.objects = structuredClone([...namespace, ...rest]) as unknown as WireObject[];
  }

  /** Another one with the same contents. */
  copy(): Manifests {
    return new Manifests(this.platform, { namespace: [], platform: this.objects as never });
  }

  of<K extends Kind>(kind: K): ObjectOf<K>[] {
    return this.objects.filter((object): object is ObjectOf<K> => object.kind === kind);
  }

  find<K extends Kind>(kind: K, name: string): ObjectOf<K> | undefined {
    return this.of(kind).find(({ metadata }) => metadata.name === name);
  }

  /** @throws Error when there is none */
  get<K extends Kind>(kind: K, name: string): ObjectOf<K> {
    const found = this.find(kind, name);
    if (!found) throw new Error(`there is no ${kind}/${name}`);
    return found;
  }

  get workloads(): Workload[] {
    const of = (kind: Workload['kind'], object: WireObject, template: Template): Workload => ({
      kind,
      name: object.metadata.name,
      where: whereOf(object),
      template,
      object,
    });
    return [
      ...(['Deployment', 'StatefulSet', 'DaemonSet'] as const).flatMap((kind) =>
        this.of(kind).map((object) => of(kind, object, object.spec.template)),
      ),
      ...this.of('Job').map((object) => of('Job', object, object.spec.template)),
      ...this.of('CronJob').map((object) => of('CronJob', object, object.spec.jobTemplate.spec.template)),
    ];
  }

  /** Those that run until they are told to end. */
  get servers(): Workload[] {
    return this.workloads.filter(({ kind }) => kind !== 'Job' && kind !== 'CronJob');
  }

  get containers(): Contained[] {
    return this.workloads.flatMap((workload) => {
      const { initContainers = [], containers } = workload.template.spec;
      const toContained = (container: WireContainer, isInit: boolean): Contained => ({
        workload,
        container,
        isInit,
        where: `${workload.where}/${container.name}`,
      });
      return [
        ...initContainers.map((container) => toContained(container, container.restartPolicy !== 'Always')),
        ...containers.map((container) => toContained(container, false)),
      ];
    });
  }

  /** The container that is called as its workload is. @throws Error when there is none */
  containerOf(workload: string): WireContainer {
    const found = this.containers.find((it) => it.workload.name === workload && it.container.name === workload);
    if (!found) throw new Error(`no container of ${workload}`);
    return found.container;
  }

  podOf(workload: string): Template['spec'] {
    const found = this.workloads.find(({ name }) => name === workload);
    if (!found) throw new Error(`there is no ${workload}`);
    return found.template.spec;
  }
}

export function whereOf({ kind, metadata }: WireObject): string {
  return `${kind}/${metadata.name}`;
}
