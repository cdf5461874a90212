import { selectorOf } from '../../../../cdk8s/metadata.ts';
import type { Installed } from '../installed.ts';
import { applyObject, kubectl } from '../kubectl.ts';
import { strangerNamespace } from '../stranger.ts';

/** Of a team that nobody has given anything. */
const foreignNamespace = 'sonixy-visitors';

type Visitor = { readonly namespace: string; readonly name: string; readonly labels: Readonly<Record<string, string>> };

/** Pods that are none of the platform, each as near to one of its own as it can come. */
function visitors({ namespace }: Installed): readonly Visitor[] {
  return [
    { namespace: strangerNamespace, name: 'publisher', labels: { app: 'posts' } },
    { namespace: foreignNamespace, name: 'namesake', labels: selectorOf('hub') },
    { namespace, name: 'intruder', labels: { 'app.kubernetes.io/name': 'hub' } },
  ];
}

/** What they listen on: DNS, where everybody may ask, and ports of stores, where our pods may only ask the stores. */
const listensOn = [5353, 5671, 27017];

const program = `for (const port of [${listensOn}]) require('node:net').createServer((it) => it.end()).listen(port)`;

/** Makes them; the namespace of publishers is there. */
export async function makeVisitors(installed: Installed): Promise<readonly Visitor[]> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await applyObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreignNamespace, labels } });
  const all = visitors(installed);
  for (const visitor of all) await applyObject(podOf(visitor, installed));
  return all;
}

export async function removeVisitors(installed: Installed): Promise<void> {
  for (const { namespace, name } of visitors(installed)) {
    await kubectl(['delete', 'pod', name, `--namespace=${namespace}`, '--ignore-not-found']);
  }
  await kubectl(['delete', 'namespace', foreignNamespace, '--ignore-not-found', '--wait=false']);
}

function podOf({ namespace, name, labels }: Visitor, { image }: Installed): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          ...image,
          command: ['node', '--eval', program],
          resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
