import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { production } from '../../../cdk8s/environments/production.ts';
import { components } from '../../../cdk8s/metadata.ts';
import { renderPlatform } from '../../../cdk8s/synth/render.ts';
import { home, openEdges, openExits, others, ours, parties } from './open-edges.ts';
import { type Party, Reachability } from './reachability.ts';

const rendered = renderPlatform(production);
const network = new Reachability(rendered.platform, home);

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
    const open = openEdges(rendered.platform);
    expect([...open].sort()).toEqual([...documented()].sort());
  });

  it('let every pod ask for names, and nothing else go out but what docs/network.md says', () => {
    const mayAskApi = new Set(['bootstrap', 'certificates']);
    const checksTokens = new Set(['gateway', 'notification', 'chat', 'hub']);
    for (const pod of ours) {
      const open = openExits(rendered.platform, pod);
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
