import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer, isIP, type Socket } from 'node:net';
import { DNS_IP } from '../node/addresses.ts';
import type { Kubelet } from '../node/kubelet.ts';
import { readLine, splice, type TunnelRequest } from '../tunnel/protocol.ts';

const resolver = new Resolver();
resolver.setServers([DNS_IP]);

/**
 * The way in from outside: a Unix socket, which no network namespace bounds. It gives connections from the node to any
 * address or name of the cluster (NetworkPolicies never bind the node), and signals to containers.
 */
export async function serveTunnel(path: string, kubelet: Kubelet): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => client.destroy());
    answer(client, kubelet).catch((error: Error) => client.end(`${JSON.stringify({ error: error.message })}\n`));
  });
  server.listen(path);
  await once(server, 'listening');
}

async function answer(client: Socket, kubelet: Kubelet): Promise<void> {
  const request = JSON.parse(await readLine(client)) as TunnelRequest;
  if ('connect' in request) {
    const { host, port } = request.connect;
    const target = connect({ host: await addressOf(host), port, allowHalfOpen: true });
    await once(target, 'connect');
    client.write('{}\n');
    splice(client, target);
    return;
  }
  const { namespace, pod, container, signal } = request.signal;
  const found = kubelet.find(namespace, pod, container);
  if (found?.process === undefined) throw new Error(`${namespace}/${pod} ${container ?? ''} does not run`);
  found.signal(signal);
  client.end('{}\n');
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  const name = host.endsWith('.svc') ? `${host}.cluster.local` : host;
  const [first] = await resolver.resolve4(name);
  if (first === undefined) throw new Error(`${host} has no address`);
  return first;
}
