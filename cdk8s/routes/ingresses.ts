import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { labelsOf } from '../metadata.ts';
import { type PublicPart, publicParts, publicPaths } from './public-paths.ts';
import type { IngressProps } from './route-props.ts';

export type IngressesProps = IngressProps & { readonly hosts: readonly string[] };

/** One Ingress for each public part: controllers set time-outs by annotations, and only sockets live for hours. */
export class Ingresses extends Construct {
  constructor(scope: Construct, { hosts, className, tlsSecret, annotations = {} }: IngressesProps) {
    super(scope, 'ingresses');
    for (const part of publicParts) {
      const its = annotations[part];
      new k8s.KubeIngress(this, part, {
        metadata: { name: part, labels: { ...labelsOf(part) }, ...(its ? { annotations: { ...its } } : {}) },
        spec: {
          ingressClassName: className,
          rules: hosts.map((host) => ({ host, http: { paths: publicPaths[part].map((path) => toPath(part, path)) } })),
          ...(tlsSecret === undefined ? {} : { tls: [{ hosts: [...hosts], secretName: tlsSecret }] }),
        },
      });
    }
  }
}

function toPath(part: PublicPart, { path, matches }: (typeof publicPaths)[PublicPart][number]): k8s.HttpIngressPath {
  return {
    path,
    pathType: matches === 'tree' ? 'Prefix' : 'Exact',
    backend: { service: { name: part, port: { name: 'http' } } },
  };
}
