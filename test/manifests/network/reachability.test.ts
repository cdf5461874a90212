import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { production } from '../../../cdk8s/environments/production.ts';
import { components, selectorOf } from '../../../cdk8s/metadata.ts';
import { renderPlatform } from '../../../cdk8s/synth/render.ts';
import { type Party, Reachability } from './reachability.ts';

const home = { 'kubernetes.io/metadata.name': 'sonixy-realtime' };
const rendered = renderPlatform(production);
const network = new Reachability(rendered.platform, home);

const ours: Party[] = components.map((name) => ({ name, pod: selectorOf(name), namespace: home }));
const parties: Party[] = [
  ...ours,
  { name: 'a stranger in the namespace', pod: { app: 'stranger' }, namespace: home },
  { name: 'a pod that wears one label of hub', pod: { 'app.kubernetes.io/name': 'hub' }, namespace: home },
  { name: 'another hub elsewhere', pod: selectorOf('hub'), namespace: { team: 'other' } },
  { name: 'publisher', pod: { app: 'posts' }, namespace: { 'sonixy.io/publisher': 'true' } },
  { name: 'outside', outside: true, pod: {}, namespace: {} },
];

/** `anybody` of docs/network.md: our own pods may not leave for it. */
const others = parties.filter(({ namespace }) => namespace !== home);

/** Ports that anything of ours listens on, or that an attacker would try. */
const tried = [22, 53, 80, 443, 4369, 5671, 5672, 5353, 6379, 6443, 8080, 8094, 8095, 8097, 8100, 9100, 15671, 15672];
const ports = [...tried, 15691, 15692, 25672, 27017, ...Array.from({ length: 11 }, (_, index) => 35672 + index)];

/** Rows of the first table of docs/network.md as `from → to:port`. */
function documented(): Set<string> {
  const text = readFileSync(new URL('../../../docs/network.md', import.meta.url), 'utf8');
  const rows = text.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return cells.length === 6 && components.some((name) => name === cells[2]) ? [cells] : [];
  });
  return new Set(
    rows.flatMap(([, from = '', to = '', numbers = '']) => {
      const all = numbers.split(' ').flatMap((text) => {
        const [first = 0, last = first] = text.split('–').map(Number);
        return Array.from({ length: last - first + 1 }, (_, index) => first + index);
      });
      const sources = from === 'anybody' ? others.map(({ name }) => name) : [from];
      return sources.flatMap((source) => all.map((port) => `${source} → ${to}:${port}`));
    }),
  );
}

describe('the NetworkPolicies', () => {
  it('open exactly the edges of docs/network.md', () => {
    const open = new Set<string>();
    for (const from of parties) {
      for (const to of ours) {
        for (const port of ports)
          if (network.reaches(from, to, 'TCP', port)) open.add(`${from.name} → ${to.name}:${port}`);
      }
    }
    expect([...open].sort()).toEqual([...documented()].sort());
  });

  it('let every pod ask for names, and nothing else go out but what docs/network.md says', () => {
    const mayAskApi = new Set(['bootstrap', 'certificates']);
    const checksTokens = new Set(['gateway', 'notification', 'chat', 'hub']);
    for (const pod of ours) {
      const open = (['TCP', 'UDP'] as const).flatMap((protocol) =>
        ports.filter((port) => network.leaves(pod, protocol, port)).map((port) => `${protocol} ${port}`),
      );
      const wanted = ['TCP 53', 'TCP 5353', 'UDP 53', 'UDP 5353'];
      if (mayAskApi.has(pod.name)) wanted.push('TCP 443', 'TCP 6443');
      if (checksTokens.has(pod.name)) wanted.push('TCP 443');
      expect(open.sort(), pod.name).toEqual(wanted.sort());
    }
  });

  it('keep strangers of the namespace in, too: even names', () => {
    const stranger = parties.find(({ name }) => name === 'a stranger in the namespace');
    if (!stranger) throw new Error('the stranger is gone');
    expect(network.leaves(stranger, 'UDP', 53)).toBe(false);
    for (const pod of ours) expect(network.reaches(stranger, pod, 'TCP', 9100)).toBe(false);
  });

  it('let the monitoring namespace scrape where it is named', () => {
    const labels = { 'kubernetes.io/metadata.name': 'monitoring' };
    const scraper: Party = { name: 'prometheus', pod: {}, namespace: labels };
    const scraped = renderPlatform({ ...production, network: { monitoring: labels } });
    const withMonitoring = new Reachability(scraped.platform, home);
    for (const pod of ours.filter(({ name }) => ['gateway', 'notification', 'chat', 'hub'].includes(name))) {
      expect(withMonitoring.reaches(scraper, pod, 'TCP', 9100), pod.name).toBe(true);
      expect(network.reaches(scraper, pod, 'TCP', 9100), pod.name).toBe(false);
    }
  });
});
