import { eventually } from '../../eventually.ts';
import type { Secret } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { bundleProgram } from '../client/bundle-program.ts';
import type { Cluster } from '../client/cluster.ts';

export type TrafficReport = { readonly likes: number; readonly messages: number; readonly faults: readonly string[] };

const name = 'traffic';
/** Within the image, so that the program finds the packages there. */
const programs = '/app/traffic';
/** The program gives up before. */
const patience = { timeoutMs: 600_000, everyMs: 500 };
/** As docs/operations.md has it for publishers; the key of tokens is what the identity service has. */
const taken = {
  'rabbitmq-publisher': ['username', 'password'],
  'sonixy-tokens': ['hs256-secret'],
  'rabbitmq-tls': ['ca.crt'],
};

/** traffic-program.ts in a pod of a namespace whose pods may publish. */
export class Traffic {
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @param of where the platform is; @param image of bootstrap. Resolves when what it publishes and writes is displayed. */
  static async start(cluster: Cluster, of: Cluster, image: string): Promise<Traffic> {
    for (const [secret, keys] of Object.entries(taken)) {
      const { data = {} } = await of.get<Secret>('Secret', secret);
      const part = Object.fromEntries(keys.map((key) => [key, data[key]]));
      await cluster.create({ kind: 'Secret', metadata: { name: secret }, data: part });
    }
    await cluster.create({
      kind: 'ConfigMap',
      metadata: { name },
      data: { 'traffic.mjs': await bundleProgram(new URL('traffic-program.ts', import.meta.url)) },
    });
    await cluster.create({ kind: 'Pod', metadata: { name }, spec: podSpec(of.namespace, image) });
    const traffic = new Traffic(cluster);
    await eventually(async () => ((await traffic.#log()).includes('FLOWING') ? undefined : traffic.#why()), patience);
    return traffic;
  }

  /** The publisher takes another copy of who is trusted. */
  async copyAuthorities(of: Cluster): Promise<void> {
    const { data = {} } = await of.get<Secret>('Secret', 'rabbitmq-tls');
    await this.#cluster.patch('Secret', 'rabbitmq-tls', { data: { 'ca.crt': data['ca.crt'] } });
  }

  async stop(): Promise<TrafficReport> {
    await this.#cluster.signal(name, 'SIGTERM');
    await eventually(async () => ((await this.#phase()) === 'Succeeded' ? undefined : this.#why()), patience);
    return JSON.parse((await this.#log()).trim().split('\n').at(-1) ?? '') as TrafficReport;
  }

  async #phase(): Promise<string | undefined> {
    return (await this.#cluster.get<PodObject>('Pod', name)).status.phase;
  }

  async #why(): Promise<string> {
    return `the traffic is ${await this.#phase()}:\n${(await this.#log()).slice(-2_000)}`;
  }

  #log(): Promise<string> {
    return this.#cluster.log(name);
  }
}

function podSpec(namespace: string, image: string): object {
  const secrets = Object.keys(taken);
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        ...{ name, image },
        command: ['node', `${programs}/traffic.mjs`],
        env: [{ name: 'NAMESPACE', value: namespace }],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'programs', mountPath: programs, readOnly: true },
          ...secrets.map((secret) => ({ name: secret, mountPath: `/secrets/${secret}`, readOnly: true })),
        ],
      },
    ],
    volumes: [
      { name: 'programs', configMap: { name } },
      ...secrets.map((secret) => ({ name: secret, secret: { secretName: secret } })),
    ],
  };
}
