import { components, selectorOf } from '../../../cdk8s/metadata.ts';
import type { KubeObject } from '../../../cdk8s/synth/render.ts';
import { type Party, Reachability } from './reachability.ts';

/** Labels of the namespace of the environments. */
export const home = { 'kubernetes.io/metadata.name': 'sonixy-realtime' };
export const ours: Party[] = components.map((name) => ({ name, pod: selectorOf(name), namespace: home }));
export const parties: Party[] = [
  ...ours,
  { name: 'a stranger in the namespace', pod: { app: 'stranger' }, namespace: home },
  { name: 'a pod that wears one label of hub', pod: { 'app.kubernetes.io/name': 'hub' }, namespace: home },
  { name: 'another hub elsewhere', pod: selectorOf('hub'), namespace: { team: 'other' } },
  { name: 'publisher', pod: { app: 'posts' }, namespace: { 'sonixy.io/publisher': 'true' } },
  { name: 'outside', outside: true, pod: {}, namespace: {} },
];

/** `anybody` of docs/network.md: our own pods may not leave for it. */
export const others = parties.filter(({ namespace }) => namespace !== home);

/** Ports that anything of ours listens on, or that an attacker would try. */
const tried = [22, 53, 80, 443, 4369, 5671, 5672, 5353, 6379, 6443, 8080, 8094, 8095, 8097, 8100, 9100, 15671, 15672];
export const ports = [...tried, 15691, 15692, 25672, 27017, ...Array.from({ length: 11 }, (_, index) => 35672 + index)];

/** Who reaches whom, as `from → to:port`. */
export function openEdges(objects: readonly KubeObject[]): Set<string> {
  const network = new Reachability(objects, home);
  const open = new Set<string>();
  for (const from of parties) {
    for (const to of ours) {
      for (const port of ports)
        if (network.reaches(from, to, 'TCP', port)) open.add(`${from.name} → ${to.name}:${port}`);
    }
  }
  return open;
}

/** What leaves a pod for any address, as `TCP 53`. */
export function openExits(objects: readonly KubeObject[], pod: Party): string[] {
  const network = new Reachability(objects, home);
  return (['TCP', 'UDP'] as const).flatMap((protocol) =>
    ports.filter((port) => network.leaves(pod, protocol, port)).map((port) => `${protocol} ${port}`),
  );
}
