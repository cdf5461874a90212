import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { NODE_IP } from './addresses.ts';
import { takeAddress } from './network.ts';
import { mustRun } from './run-command.ts';

/** A pod's network, host name and IPC namespaces, held by one small process. */
export type Sandbox = { readonly ip: string; readonly pid: number; remove(): Promise<void> };

/** For `hostNetwork`: the node's own. */
export const nodeSandbox: Sandbox = { ip: NODE_IP, pid: process.pid, remove: async () => {} };

// Unprivileged ports start at 0, as containerd has it.
const SCRIPT = `hostname "$0"
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
echo made; ip -batch -; echo done; exec sleep infinity`;

export async function createSandbox(hostname: string): Promise<Sandbox> {
  const { number, ip, free } = takeAddress();
  const holder = spawn('unshare', ['--net', '--uts', '--ipc', 'sh', '-ec', SCRIPT, hostname], { stdio: 'pipe' });
  const gone = once(holder, 'close');
  let out = '';
  let err = '';
  holder.stderr.on('data', (data) => {
    err += data;
  });
  const says = (word: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => out.includes(word) && resolve();
      holder.stdout.on('data', (data) => {
        out += data;
        look();
      });
      gone.finally(() => reject(new Error(`sandbox: ${err}`))).catch(() => {});
      look();
    });
  const remove = async () => {
    holder.kill('SIGKILL');
    await gone;
    free();
  };
  try {
    await says('made');
    await mustRun(
      ['ip', '-batch', '-'],
      `link add v${number} type veth peer name eth0 netns ${holder.pid}
link set v${number} up
route add ${ip}/32 dev v${number} src ${NODE_IP}
`,
    );
    const done = says('done');
    holder.stdin.end(`link set lo up
addr add ${ip}/32 dev eth0
link set eth0 up
route add ${NODE_IP} dev eth0 scope link
route add default via ${NODE_IP}
`);
    await done;
  } catch (error) {
    await remove();
    throw error;
  }
  return { ip, pid: holder.pid ?? 0, remove };
}
