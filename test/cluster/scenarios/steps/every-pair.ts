import { eventually } from '../../../eventually.ts';
import { Reachability } from '../../../manifests/network/reachability.ts';
import type { Installed } from '../installed.ts';
import { getJson } from '../kubectl.ts';
import { answering, forEach, namespaceLabels, type Spot, spotsOf } from '../network/spots.ts';
import { makeVisitors, removeVisitors } from '../network/visitors.ts';

/** A network takes up to some seconds to know a new pod; pods here come within a minute. */
const patience = { timeoutMs: 120_000, everyMs: 1_000 };

const rounds = 4;

type Pair = { readonly from: Spot; readonly target: string; readonly what: string; readonly open: boolean };

/**
 * From every pod to every port that something listens on in every other, to the API server and for a name: open is what
 * the policies of the manifests say, which are those of docs/network.md, and nothing else. Pods of two other namespaces and
 * one of this that nobody knows try, and are tried, too.
 */
export async function everyPair(installed: Installed): Promise<void> {
  try {
    let pairs: Pair[] = [];
    await eventually(async () => {
      // Anew each time: an autoscaler may have taken a pod away meanwhile.
      pairs = await allPairs(installed);
      if (!pairs.some(({ open }) => open)) return 'nothing is open';
      const wrong = await stillWrong(pairs);
      return wrong.length === 0 ? undefined : `of ${pairs.length} ${wrong.length} are wrong:\n${told(wrong)}`;
    }, patience);
    const open = pairs.filter((pair) => pair.open).length;
    console.log(`      of ${pairs.length} connections ${open} are open, as they must be, and the others closed`);
  } finally {
    await removeVisitors(installed);
  }
}

async function allPairs(installed: Installed): Promise<Pair[]> {
  const home = await namespaceLabels(installed.namespace);
  const policies = new Reachability(installed.objects, home);
  const all = await spots(installed, home);
  const isHome = ({ party }: Spot) => party.namespace === home;
  const api = await apiServer();
  return all.flatMap((from) => {
    const { party } = from;
    const leaves = (protocol: 'TCP' | 'UDP', port: number) => policies.leaves(party, protocol, port);
    const others = all.filter((to) => to !== from && (isHome(from) || isHome(to)));
    return [
      ...others.flatMap((to) =>
        to.listens.map((port) => ({
          ...{ from, target: `tcp ${to.ip} ${port}`, what: `${to.party.name}:${port}` },
          open: policies.reaches(party, to.party, 'TCP', port),
        })),
      ),
      { from, target: 'dns', what: 'names', open: leaves('UDP', 53) && leaves('UDP', 5353) },
      // A network looks at the Service's port, or at the server's own.
      ...(leaves('TCP', 443) === leaves('TCP', 6443)
        ? [{ from, target: `tcp ${api} 443`, what: 'the API server', open: leaves('TCP', 443) }]
        : []),
    ];
  });
}

async function spots(installed: Installed, home: Readonly<Record<string, string>>): Promise<Spot[]> {
  let all: Spot[] = [];
  await eventually(async () => {
    // Their namespace may still be going from another time.
    const visitors = await makeVisitors(installed);
    const foreign = visitors.filter(({ namespace }) => namespace !== installed.namespace);
    const elsewhere = foreign.map(async ({ namespace, name }) =>
      spotsOf(namespace, await namespaceLabels(namespace), name),
    );
    all = [...(await spotsOf(installed.namespace, home)), ...(await Promise.all(elsewhere)).flat()];
    const absent = visitors.filter(({ name }) => !all.some(({ pod }) => pod === name));
    return absent.length === 0 ? undefined : `${absent.map(({ name }) => name).join(' and ')} is not ready`;
  }, patience);
  return all;
}

/** Only what was wrong is tried again: a packet is lost, a rule comes a moment late, a hole stays. */
async function stillWrong(pairs: readonly Pair[]): Promise<readonly Pair[]> {
  let wrong = pairs;
  for (let round = 0; round < rounds && wrong.length > 0; round += 1) wrong = await tried(wrong);
  return wrong;
}

/** Those whose state is not what it must be. */
async function tried(pairs: readonly Pair[]): Promise<Pair[]> {
  const bySource = [...Map.groupBy(pairs, ({ from }) => from)];
  const wrong = await forEach(bySource, async ([from, its]) => {
    const targets = new Set(its.map(({ target }) => target));
    const answered = await answering(from, [...targets]);
    return its.filter(({ target, open }) => answered.has(target) !== open);
  });
  return wrong.flat();
}

function told(pairs: readonly Pair[]): string {
  return pairs
    .slice(0, 20)
    .map(({ from, what, open }) => `${from.party.name} → ${what} is ${open ? 'closed' : 'open'}`)
    .join('\n');
}

async function apiServer(): Promise<string> {
  const { spec } = await getJson<{ spec: { clusterIP: string } }>('service', 'kubernetes', '--namespace=default');
  return spec.clusterIP;
}
