import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeWithServer } from '../../dev-env/with-server.ts';
import { Cluster } from '../client/cluster.ts';
import { type RunningCluster, startCluster } from '../start-cluster.ts';
import { pod, server } from './manifests.ts';
import { patiently } from './patiently.ts';

const TIMEOUT_MS = 45 * 60_000;

const ends: [string, (cluster: RunningCluster) => unknown][] = [
  ['it is stopped', (cluster) => cluster.stop()],
  ['SIGKILL of the process that holds it', ({ pid }) => process.kill(pid, 'SIGKILL')],
  ['SIGKILL of its node', ({ nodePid }) => process.kill(nodePid, 'SIGKILL')],
];

describeWithServer('cluster', 'of a test cluster nothing is left', () => {
  test.for(ends)('after %s', { timeout: TIMEOUT_MS }, async ([, end]) => {
    const machine = stateOfMachine();
    await using running = await startCluster({ nodes: ['node-0'] });
    const cluster = new Cluster(running.address);
    await cluster.create(pod('web', { containers: [server()] }));
    await cluster.ready('Pod', 'web');
    cluster.close();
    const inside = descendants(running.nodePid);
    expect(inside.length).toBeGreaterThan(10);
    const networks = new Set(inside.map(networkOf).filter((network) => network !== networkOf('self')));
    // The node's, CoreDNS', the pod's.
    expect(networks.size).toBe(3);

    await end(running);
    await patiently(() => {
      const left = inside.filter((pid) => commandOf(pid) !== '');
      return left.length === 0 ? undefined : `they live: ${left.map(commandOf).join('; ')}`;
    });
    await patiently(() => {
      const holders = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && networks.has(networkOf(pid)));
      return holders.length === 0 ? undefined : `networks are held: ${holders.map(commandOf).join('; ')}`;
    });
    expect(stateOfMachine()).toBe(machine);
    await running.stop();
    expect(existsSync(running.address.folder)).toBe(false);
  });
});

/** Links, tables and mounts: a cluster must touch none. Other people's clusters leave no trace here either. */
function stateOfMachine(): string {
  const links = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).replace(/^\d+: /gm, '');
  const tables = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  return [links, tables, readFileSync('/proc/self/mountinfo', 'utf8')].join('\n');
}

function descendants(pid: number | string): string[] {
  const children = read(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .split(' ')
    .filter(Boolean);
  return [String(pid), ...children.flatMap(descendants)];
}

/** Empty for one that has ended: of a zombie nothing is left but its number. */
function commandOf(pid: string): string {
  return read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
}

function networkOf(pid: string): string {
  return read(() => readlinkSync(`/proc/${pid}/ns/net`));
}

function read(file: () => string): string {
  try {
    return file();
  } catch {
    return '';
  }
}
