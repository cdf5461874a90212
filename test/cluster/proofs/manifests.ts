import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster, Manifest } from '../client/cluster.ts';

/** Labelled `app: name`; a grace of one second. */
export function pod(name: string, spec: object, labels: Record<string, string> = {}): Manifest {
  return {
    kind: 'Pod',
    metadata: { name, labels: { app: name, ...labels } },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  };
}

/** A container that does nothing until it is asked to. */
export function shell(more: object = {}): object {
  return { name: 'c', image: 'test/shell', ...more };
}

/** A shell script as a container's process. */
export function script(line: string, more: object = {}): object {
  return shell({ command: ['sh', '-c', line], ...more });
}

/** images/test-server.ts on port 8080, named http, ready when it answers. */
export function server(more: object = {}): object {
  return {
    name: 'c',
    image: 'test/server',
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, timeoutSeconds: 5 },
    ...more,
  };
}

export function deployment(name: string, replicas: number, container: object, more: object = {}): Manifest {
  return {
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 20, containers: [container] },
      },
      ...more,
    },
  };
}

/** Port 80 to the pods' port `http`. */
export function service(name: string, more: object = {}): Manifest {
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
  return { kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports, ...more } };
}

/** A container's log from the node's disk: it is there when the pod is gone, too. */
export function keptLog({ address }: Cluster, { metadata }: PodObject, container: string): string {
  const pod = `${metadata.namespace}_${metadata.name}_${metadata.uid}`;
  return readFileSync(join(address.folder, 'logs', pod, `${container}.0.log`), 'utf8');
}
