// `make cluster`: a cluster for a person, until Ctrl-C.
import { dirname } from 'node:path';
import { startCluster } from './start-cluster.ts';
import { forwardTo } from './tunnel/tunnel.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});

await using cluster = await startCluster();
const { kubeconfig, kubectl, folder } = cluster.address;
say(`A cluster runs. In another shell:

  export KUBECONFIG=${kubeconfig} PATH=${dirname(kubectl)}:$PATH
  kubectl get pods --all-namespaces

It runs images of a table: test/cluster/README.md. Logs are in ${folder}.`);
for (const target of (process.env['FORWARD'] ?? '').split(/[\s,]+/).filter(Boolean)) {
  const { url } = await forwardTo(folder, target);
  say(`${target} is ${url}`);
}
say('Ctrl-C ends it, with all that is in it.');
await ended;
say('\nending…');
