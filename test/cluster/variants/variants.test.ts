import { expect, test } from 'vitest';
import { edgesOf } from '../../../cdk8s/network/edges.ts';
import { renderPlatform } from '../../../cdk8s/synth/render.ts';
import { describeWithServer } from '../../dev-env/with-server.ts';
import { eventually } from '../../eventually.ts';
import type { PodObject } from '../api/pod-spec.ts';
import type { Manifest } from '../client/cluster.ts';
import { pod, shell } from '../proofs/manifests.ts';
import { probe } from '../scenarios/network/spots.ts';
import { ownNamespace } from '../use-cluster.ts';
import { assignedUser } from './assigned-users.ts';
import { testAutoscaling } from './autoscaling.ts';
import { find, patience, restricted, useDifferentCluster } from './different-cluster.ts';
import { resolves } from './names-from-the-node.ts';

describeWithServer('cluster', 'a cluster without zones and metrics, with users and names of its own making', () => {
  const on = useDifferentCluster();

  test('has everything Ready', async () => {
    const kinds = ['Job', 'StatefulSet', 'Deployment'];
    for (const { kind, metadata } of on.objects.filter((object) => kinds.includes(object.kind))) {
      await on.cluster.ready(kind, metadata.name, patience);
    }
  });

  test('runs each process as the user that was assigned, in group 0, and data is that user’s', async () => {
    for (const component of ['gateway', 'notification', 'chat', 'hub', 'rabbitmq', 'mongodb', 'redis']) {
      const { out } = await on.cluster.exec(
        await on.podOf(component),
        "awk '/^[UG]id:/ { print $2 }' /proc/1/status; id -G",
      );
      expect(out, component).toBe(`${assignedUser}\n0\n0 ${assignedUser}\n`);
    }
    for (const [store, folder] of [
      ['mongodb-0', '/data/db'] as const,
      ['rabbitmq-0', '/var/lib/rabbitmq/mnesia'] as const,
    ]) {
      const { out } = await on.cluster.exec(store, `stat -c '%u %g %A' ${folder}; stat -c %u ${folder}/* | sort -u`);
      expect(out, store).toBe(`0 ${assignedUser} drwxrwsr-x\n${assignedUser}\n`);
    }
  });

  test('refuses what names users itself, as every other environment does', async () => {
    const podsOf = (userIds: 'fixed' | 'assigned') => {
      const { spec } = find(renderPlatform({ ...on.platform, userIds }).platform, 'Deployment', 'redis');
      const { template } = spec as { template: { metadata: object; spec: object } };
      return { kind: 'Pod', ...template, metadata: { ...template.metadata, name: 'tried' } };
    };
    await expect(on.cluster.apply(podsOf('fixed'), { dryRun: true })).rejects.toThrow('runAsUser is not one of');
    await on.cluster.apply(podsOf('assigned'), { dryRun: true });
  });

  test('answers for names from the network of a node, as NetworkPolicies let everybody ask anybody', async () => {
    const [gateway, name] = [await on.podOf('gateway'), `chat.${on.cluster.namespace}.svc.cluster.local`];
    const becomes = (wanted: boolean) =>
      eventually(async () => {
        const all = await resolves(on.cluster, gateway, name);
        return all.every((one) => one === wanted) ? undefined : `it resolves: ${all}`;
      }, patience);
    await becomes(true);
    // By the label of the name server's pods, as many do, nobody would be let out to a node.
    const own = find(on.objects, 'NetworkPolicy', 'gateway');
    const { egress, ...spec } = own['spec'] as { egress: { ports: unknown }[] };
    const kubeDns = { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };
    const narrow = { ...spec, egress: [{ ...egress[0], to: [kubeDns] }, ...egress.slice(1)] };
    await on.cluster.apply({ ...own, spec: narrow } as Manifest);
    await becomes(false);
    await on.cluster.apply(own as Manifest);
    await becomes(true);
  });

  test('lets in who scrapes from the namespace that is named, and from no other', async () => {
    const { monitoring } = on.platform.network ?? {};
    const edges = edgesOf(on.platform).filter(({ from }) => 'namespaces' in from && from.namespaces === monitoring);
    const asked = edges.map(async ({ to, port }) => {
      const { status } = await on.cluster.get<PodObject>('Pod', await on.podOf(to));
      return `tcp ${status.podIP} ${port}`;
    });
    const targets = (await Promise.all(asked)).sort();
    const elsewhere = await ownNamespace(on.cluster);
    for (const [place, open] of [[on.monitors, targets] as const, [elsewhere, []] as const]) {
      await place.create(pod('scraper', { containers: [shell()] }));
      await place.ready('Pod', 'scraper');
      await eventually(async () => {
        const { out } = await place.exec('scraper', ['perl', '-e', probe, 'connects'], { input: targets.join('\n') });
        const answered = out.split('\n').filter(Boolean).sort();
        return answered.join() === open.join() ? undefined : `of ${targets} these answer: ${answered}`;
      }, patience);
    }
    expect(edges.map(({ to }) => to)).toEqual(expect.arrayContaining(['hub', 'mongodb', 'rabbitmq']));
  });

  test('leaves pods Pending where they are to be in different zones, until nodes have them', async () => {
    const strict = await ownNamespace(on.cluster, restricted);
    const others = renderPlatform({ ...on.platform, namespace: strict.namespace, spread: 'strict' }).platform;
    await strict.apply(find(others, 'ServiceAccount', 'chat') as Manifest);
    await strict.apply(find(others, 'Deployment', 'chat') as Manifest);
    const scheduled = async () => {
      const [waiting] = await strict.list<PodObject>('Pod');
      return waiting?.status.conditions?.find(({ type }) => type === 'PodScheduled');
    };
    await eventually(async () => {
      const { message = '' } = (await scheduled()) ?? {};
      return message.includes('topology spread constraints (missing required label)') ? undefined : message;
    }, patience);
    for (const [index, { metadata }] of (await on.cluster.list('Node')).entries()) {
      const labels = { 'topology.kubernetes.io/zone': `zone-${index}` };
      await on.cluster.patch('Node', metadata.name, { metadata: { labels } });
    }
    await eventually(async () => {
      const { status, message } = (await scheduled()) ?? {};
      return status === 'True' ? undefined : message;
    }, patience);
    await on.cluster.remove('Namespace', strict.namespace);
  });

  testAutoscaling(on);
});
