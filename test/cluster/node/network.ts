import { writeFileSync } from 'node:fs';
import { NODE_IP, SERVICE_CIDR } from './addresses.ts';
import { mustRun } from './run-command.ts';

/**
 * Makes this network namespace the node's. Pods are routed (a veth pair and a /32 route each), never bridged: NAT and
 * filters see packets between pods without br_netfilter, and a pod can reach its own Service.
 */
export async function setUpNetwork(): Promise<void> {
  const settings = { ip_forward: 1, 'conf/all/rp_filter': 0, 'conf/default/rp_filter': 0 };
  for (const [name, value] of Object.entries(settings)) writeFileSync(`/proc/sys/net/ipv4/${name}`, String(value));
  // A Service's address needs a route before the node itself can have it translated.
  await mustRun(
    ['ip', '-batch', '-'],
    `link set lo up\naddr add ${NODE_IP}/32 dev lo\nroute add ${SERVICE_CIDR} dev lo src ${NODE_IP}\n`,
  );
}

const taken = new Set<number>();
let last = 9;

/** Round robin: a late packet for a pod that is gone finds nobody. */
export function takeAddress(): { number: number; ip: string; free: () => void } {
  do last = (last % 65_000) + 1;
  while (last < 10 || (last & 255) === 0 || (last & 255) === 255 || taken.has(last));
  const number = last;
  taken.add(number);
  return { number, ip: `10.128.${number >> 8}.${number & 255}`, free: () => taken.delete(number) };
}
