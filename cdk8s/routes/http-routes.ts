import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ports } from '../addresses.ts';
import { labelsOf } from '../metadata.ts';
import { type PublicPart, publicParts, publicPaths } from './public-paths.ts';
import type { GatewayParent } from './route-props.ts';

export type HttpRoutesProps = {
  readonly hosts: readonly string[];
  readonly parents: readonly GatewayParent[];
};

/** Gateway API: one HTTPRoute for each public part. No time-outs: GKE refuses routes that set any. */
export class HttpRoutes extends Construct {
  constructor(scope: Construct, { hosts, parents }: HttpRoutesProps) {
    super(scope, 'http-routes');
    for (const part of publicParts) {
      new ApiObject(this, part, {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: part, labels: { ...labelsOf(part) } },
        spec: {
          parentRefs: parents.map(toParentRef),
          hostnames: [...hosts],
          rules: [{ matches: publicPaths[part].map(toMatch), backendRefs: [backend(part)] }],
        },
      });
    }
  }
}

// All defaults of the CRD are written out: kubectl takes what the server fills into a list for a change.

function toParentRef({ name, namespace, sectionName }: GatewayParent): object {
  return {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(sectionName === undefined ? {} : { sectionName }),
  };
}

function toMatch({ path, matches }: (typeof publicPaths)[PublicPart][number]): object {
  return { path: { type: matches === 'tree' ? 'PathPrefix' : 'Exact', value: path } };
}

function backend(part: PublicPart): object {
  return { group: '', kind: 'Service', name: part, port: ports[part], weight: 1 };
}
